//! `lambench logs`, with CloudWatch Logs answered by the test.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Map, Value, json};

use crate::checkout::{Checkout, scenario, text};

const RUN: &str = "lambench-20261130T102643512Z";
/// When it started, ms since 1970.
const STARTED_MS: i64 = 1_796_034_403_512;

/// A checkout whose stack `dev` has two scenarios. `events` gets a request of `FilterLogEvents`, and answers with the events.
fn deployed(events: impl FnMut(&Value) -> Value + Send + 'static) -> Checkout {
    let endpoint = serve(events);
    let with_logs = |name: &str, functions: &[&str]| {
        let groups: Map<_, _> = functions
            .iter()
            .map(|one| ((*one).to_owned(), json!(format!("/aws/lambda/lambench-dev-{name}-{one}"))))
            .collect();
        scenario(&endpoint, json!({ "logGroups": groups }))
    };
    Checkout::deployed(&json!({
        "aurora": with_logs("aurora", &["tally"]),
        "pipeline": with_logs("pipeline", &["tally", "upstream"]),
    }))
}

/// What a command line prints that must succeed.
fn printed(checkout: &Checkout, line: &str) -> String {
    let output = checkout.run(line);
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Answers requests, each on a connection of its own; returns where.
fn serve(mut events: impl FnMut(&Value) -> Value + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            answer(&mut connection.unwrap(), &mut events);
        }
    });
    format!("http://{address}")
}

fn answer(connection: &mut TcpStream, events: &mut impl FnMut(&Value) -> Value) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let answer = json!({ "events": events(&request) }).to_string();
    // A reader that is gone needs no answer.
    let _ = write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
        answer.len()
    );
}

fn event(at_ms: i64, message: &str) -> Value {
    json!({ "timestamp": at_ms, "logStreamName": "2026/11/30/[$LATEST]1", "message": format!("{message}\n") })
}

/// An event of each function for each of these times, as far as the request wants it.
fn at(times_ms: &'static [i64]) -> impl FnMut(&Value) -> Value + Send + 'static {
    move |request| {
        let (from, to) = (request["startTime"].as_i64(), request["endTime"].as_i64());
        let wanted = times_ms
            .iter()
            .filter(|at| from.is_none_or(|from| from <= **at) && to.is_none_or(|to| **at <= to));
        let group = request["logGroupName"].as_str().unwrap().rsplit('/').next().unwrap();
        wanted.map(|at_ms| event(*at_ms, &format!("by {group}"))).collect()
    }
}

#[test]
fn events_of_a_run_are_those_between_its_start_and_its_end() {
    let times = &[STARTED_MS - 1, STARTED_MS, STARTED_MS + 60_000, STARTED_MS + 3_600_000];
    let checkout = deployed(at(times));
    let line = format!("logs pipeline/upstream --run {RUN} --stack dev");
    // Without a result it is not known when it ended.
    assert_eq!(printed(&checkout, &line).lines().count(), 3);
    let results = checkout.path("results/pipeline");
    fs::create_dir_all(&results).unwrap();
    let result = json!({
        "run": { "id": RUN, "scenario": "pipeline", "ended_at": "2026-11-30T10:28:00Z" },
        "environment": { "stack": "dev" },
    });
    fs::write(results.join("2026-11-30T10-26-43Z-dev.json"), result.to_string()).unwrap();
    assert_eq!(
        printed(&checkout, &line),
        "2026-11-30T10:26:43.512Z by lambench-dev-pipeline-upstream\n\
         2026-11-30T10:27:43.512Z by lambench-dev-pipeline-upstream\n"
    );
    let tally = printed(&checkout, &format!("logs tally --run {RUN}"));
    assert!(!tally.contains("aurora"), "the run was none of aurora's: {tally}");
    let output = checkout.run(&format!("logs tally --run {RUN} --follow"));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn functions_with_one_name_are_all_printed_in_the_order_of_time() {
    let checkout = deployed(at(&[STARTED_MS, STARTED_MS + 5]));
    let shown = printed(&checkout, &format!("logs tally --run {RUN}"));
    let names: Vec<&str> = shown.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["aurora/tally", "pipeline/tally", "aurora/tally", "pipeline/tally"]);
    let shown = printed(&checkout, &format!("logs pipeline --json --run {RUN}"));
    let first: Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["function"], &first["message"], &first["time"]),
        (&json!("tally"), &json!("by lambench-dev-pipeline-tally"), &json!("2026-11-30T10:26:43.512Z"))
    );
}

#[test]
fn an_unknown_function_is_answered_with_those_that_there_are() {
    let output = deployed(at(&[])).run("logs downstraem --stack dev");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: the stack dev has no function 'downstraem'; it has:\n  aurora: tally\n  pipeline: tally, upstream\n"
    );
}

#[test]
fn silence_is_told_on_standard_error() {
    let output = deployed(at(&[])).run("logs upstream --since 5m");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("pipeline/upstream: no events since 20") && said.contains("--since 2h"),
        "{said}"
    );
}

/// An event more with each search.
fn growing() -> impl FnMut(&Value) -> Value + Send + 'static {
    let mut searches = 0;
    move |request| {
        searches += 1;
        let from = request["startTime"].as_i64().unwrap();
        (0..searches)
            .map(|number| STARTED_MS + number)
            .filter(|at| *at >= from)
            .map(|at| event(at, "tick"))
            .collect()
    }
}

#[test]
fn following_goes_on_until_ctrl_c_and_prints_nothing_twice() {
    let checkout = deployed(growing());
    let mut command = checkout.command(&format!("logs upstream --follow --run {RUN}"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for expected in ["10:26:43.512Z tick", "10:26:43.513Z tick"] {
        let line = lines.next().unwrap().unwrap();
        assert!(line.ends_with(expected), "{line}");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn a_reader_that_goes_ends_following_quietly() {
    let checkout = deployed(growing());
    let mut command = checkout.command(&format!("logs upstream --follow --run {RUN}"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "after {first}");
}
