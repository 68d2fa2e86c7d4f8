//! `lambench estimate` and `lambench run --max-usd`, where nothing answers behind what `pulumi` prints.

use std::io::{Read, Write};
use std::process::Stdio;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::checkout::{Checkout, scenario, text};

/// How a run's question ends.
const QUESTION: &str = "[y/N]";

/// A checkout whose stack `dev` has the splitter.
fn deployed() -> Checkout {
    let own = json!({
        "settings": { "memory": 1024, "timeoutSeconds": 30, "itemSeconds": 2, "concurrency": 10, "batchSize": 1 },
        "queue": { "url": "http://q/splitter", "arn": "a", "deadLetterUrl": "http://q/splitter-dead" },
        "runLog": { "table": "t" }, "eventBus": "default", "source": "lambench.splitter",
        "functions": { "worker": "w" }, "functionArn": "arn:aws:lambda:us-east-1:0:function:w",
        "itemReserveSeconds": 0.25, "eventRetries": 2,
    });
    Checkout::deployed(&json!({ "splitter": scenario("http://127.0.0.1:1", own) }))
}

/// A run in a terminal, whose user reads the question before typing these keys: what the terminal shows from the question on, and
/// the exit code.
fn typed(checkout: &Checkout, line: &str, keys: &str) -> (String, Option<i32>) {
    // script is util-linux's: it gives the command a terminal of its own.
    let command = format!("'{}' {line}", cargo_bin("lambench").display());
    let mut script = checkout.program("timeout");
    script.args(["60", "script", "-qec", &command, "/dev/null"]).env("SHELL", "/bin/sh");
    let mut running = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keyboard, mut screen) = (running.stdin.take().unwrap(), running.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !text(&shown).contains(QUESTION) {
        let mut piece = [0; 4096];
        let length = screen.read(&mut piece).unwrap();
        assert!(length > 0, "it ended without the question: {}", text(&shown));
        shown.extend(&piece[..length]);
    }
    keyboard.write_all(keys.as_bytes()).unwrap();
    screen.read_to_end(&mut shown).unwrap();
    let shown = text(&shown);
    let asked = shown.find("this run may cost").expect("it says why it asks");
    (shown[asked..].to_owned(), running.wait().unwrap().code())
}

#[test]
fn an_estimate_has_what_stands_what_a_run_costs_how_long_it_takes_and_its_limits() {
    let checkout = deployed();
    let output = checkout.run("estimate splitter --items 100 --stack dev");
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for expected in [
        "splitter on stack dev (LOCAL: nothing is charged; prices are AWS's), us-east-1, arm64",
        "1 KMS key",
        "invocations at once (Lambda, of the account)",
        "documented",
        "meets first: ",
        "warning: GetAccountSettings could not be read: ",
        "estimate: the run costs ",
        "assumption: what an invocation takes besides its items' time: assumed: 2 to 150 ms",
        "not counted: logs",
    ] {
        assert!(shown.contains(expected), "{expected} is missing in:\n{shown}");
    }
    assert!(!checkout.path("results").exists(), "nothing is run");
}

#[test]
fn programs_get_the_estimate_as_json_with_a_run_for_each_memory_size() {
    let line = "estimate splitter --items 100 --memory 512,1024 --stack dev --json";
    let output = deployed().run(line);
    let estimate: Value = serde_json::from_slice(&output.stdout).unwrap();
    let items = estimate["run"]["items"].as_array().unwrap();
    let names: Vec<_> = items.iter().map(|one| one["item"].as_str().unwrap()).collect();
    assert_eq!(names, ["512 MB: concurrency 10", "1024 MB: concurrency 10"]);
    let line = |item: usize, name: &str| {
        let lines = items[item]["lines"].as_array().unwrap();
        lines.iter().find(|line| line["name"] == name).unwrap()["quantity"].as_f64().unwrap()
    };
    assert!((line(0, "Lambda requests") - 101.0).abs() < 1e-9);
    let ratio = line(1, "compute") / line(0, "compute");
    assert!((ratio - 2.0).abs() < 1e-9, "the items' time doesn't depend on memory: {ratio}");
    assert!(estimate["total_usd"]["low"].as_f64() < estimate["total_usd"]["high"].as_f64());
}

#[test]
fn a_run_that_may_cost_more_than_its_user_allows_is_refused_without_a_terminal() {
    let checkout = deployed();
    let output = checkout.run("run splitter --items 1000 --max-usd 0.001 --stack dev");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("this run may cost ") && said.contains("more than 0.001 USD"), "{said}");
    assert!(said.contains("give --yes, or --max-usd 0.0"), "{said}");
    assert!(!checkout.path("results").exists());
    let wrong = checkout.run("run splitter --max-usd much --stack dev");
    assert!(text(&wrong.stderr).contains("an amount of USD"), "{}", text(&wrong.stderr));
}

/// A run that may cost more than its user allows.
const DEAR: &str = "run splitter --items 1000 --max-usd 0.001 --progress none --stack dev";

#[test]
fn in_a_terminal_it_asks_and_nothing_is_run_unless_the_answer_is_yes() {
    for keys in ["n\n", "\n", "yeah\n"] {
        let checkout = deployed();
        let (shown, code) = typed(&checkout, DEAR, keys);
        assert!(shown.contains("more than 0.001 USD. Run it? [y/N]"), "{shown}");
        assert!(shown.contains("nothing was run"), "{keys:?}: {shown}");
        assert_eq!(code, Some(1), "{keys:?}: {shown}");
        assert!(!shown.contains("127.0.0.1"), "it asked nobody else: {shown}");
        assert!(!checkout.path("results").exists());
    }
}

#[test]
fn in_a_terminal_a_yes_lets_the_run_begin() {
    let (shown, code) = typed(&deployed(), DEAR, "y\n");
    assert_eq!(code, Some(1), "{shown}");
    // The run's first request is to the stack, where nothing answers.
    assert!(shown.contains("http://127.0.0.1:1"), "{shown}");
    assert!(!shown.contains("nothing was run"), "{shown}");
}

#[test]
fn in_a_terminal_ctrl_c_is_an_answer_too() {
    let checkout = deployed();
    let (shown, code) = typed(&checkout, DEAR, "\x03");
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("no result was written; the run had not begun"), "{shown}");
    assert!(!checkout.path("results").exists());
}

#[test]
fn a_stack_that_is_not_deployed_is_to_be_deployed() {
    let checkout =
        Checkout::new("#!/bin/sh\necho 'error: current stack does not have output property' >&2\nexit 1\n");
    let output = checkout.run("estimate splitter --stack dev");
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("pulumi up --stack dev"), "{said}");
}

#[test]
fn its_help_says_that_nothing_is_run_and_has_examples() {
    let checkout = deployed();
    insta::assert_snapshot!(text(&checkout.run("estimate --help").stdout));
    let of_scenario = text(&checkout.run("estimate splitter --help").stdout);
    assert!(of_scenario.contains("--concurrency") && !of_scenario.contains("--max-usd"), "{of_scenario}");
    let of_run = text(&checkout.run("run splitter --help").stdout);
    assert!(of_run.contains("--max-usd <USD>") && of_run.contains("--yes"), "{of_run}");
}
