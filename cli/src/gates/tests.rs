use std::fs;
use std::path::Path;

use clap::Parser;
use results::file::RunResult;
use results::scenario::Detail;
use results::scenario::archive::Failure;

use super::*;
use crate::exit::Usage;
use crate::result_file;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    gates: GateOptions,
}

fn options(arguments: &[&str]) -> Result<GateOptions, String> {
    let line = std::iter::once("lambench").chain(arguments.iter().copied());
    Line::try_parse_from(line).map(|line| line.gates).map_err(|error| error.to_string())
}

fn result(scenario: &str) -> RunResult {
    result_file::read(Path::new(&format!("tests/v1/{scenario}.json"))).unwrap()
}

/// What became of the gates of a command line.
fn outcome(result: &RunResult, arguments: &[&str]) -> Report {
    options(arguments).unwrap().of(&result.run.scenario).unwrap().report(result)
}

/// What became of one threshold.
fn threshold(result: &RunResult, limit: &str) -> String {
    outcome(result, &["--threshold", limit]).gates[0].row().join(" | ")
}

#[test]
fn a_figure_is_held_to_its_limit_in_any_of_its_units() {
    let (pipeline, splitter) = (result("pipeline"), result("splitter"));
    for (result, limit, expected) in [
        (&pipeline, "pipeline.http.p99<200ms", "pipeline.http.p99 | 14.89 ms | < 200 ms | pass"),
        (
            &pipeline,
            "pipeline.http.p99 < 0.0148s",
            "pipeline.http.p99 | 14.89 ms | < 0.0148 s | FAIL: outside its limit",
        ),
        (&pipeline, "Pipeline.HTTP.p99.9<=1s", "pipeline.http.p99.9 | 21.77 ms | <= 1 s | pass"),
        (
            &pipeline,
            "pipeline.http.throughput>=50/s",
            "pipeline.http.throughput | 50.00 /s | >= 50 /s | pass",
        ),
        (
            &pipeline,
            "pipeline.requests.kept-up-with>99%",
            "pipeline.requests.kept-up-with | 100.0 % | > 99 % | pass",
        ),
        (&pipeline, "pipeline.messages.lost==0", "pipeline.messages.lost | 0 | == 0 | pass"),
        (
            &pipeline,
            "pipeline.a-million-messages-without-auroras-capacity.price<2USD",
            "pipeline.a-million-messages-without-auroras-capacity.price | 2.389 USD | < 2 USD | FAIL: outside its limit",
        ),
        (
            &splitter,
            "splitter.concurrency-10.elapsed<2s",
            "splitter.concurrency-10.elapsed | 1.218 s | < 2 s | pass",
        ),
        (
            &splitter,
            "splitter.concurrency-10.elapsed<2000ms",
            "splitter.concurrency-10.elapsed | 1.218 s | < 2000 ms | pass",
        ),
    ] {
        assert_eq!(threshold(result, limit), expected);
    }
}

#[test]
fn a_wrong_unit_misses_the_gate_and_says_what_the_figure_takes() {
    let pipeline = result("pipeline");
    for (limit, expected) in [
        ("pipeline.http.p99<200", "FAIL: it has no unit, but this figure takes ms or s or us or µs"),
        ("pipeline.http.p99<2USD", "FAIL: it has USD, but this figure takes ms or"),
        ("pipeline.messages.lost<1%", "FAIL: it has %, but this figure takes no unit"),
    ] {
        let said = threshold(&pipeline, limit);
        assert!(said.contains(expected), "{limit}: {said}");
    }
}

#[test]
fn a_name_that_is_none_misses_the_gate() {
    let said = threshold(&result("pipeline"), "pipeline.htp.p99<200ms");
    assert_eq!(said, "pipeline.htp.p99 | – | < 200 ms | FAIL: no such figure");
}

#[test]
fn a_figure_that_was_not_measured_misses_its_gate() {
    let mut splitter = result("splitter");
    let Detail::Splitter(splitting) = &mut splitter.detail else { panic!("a splitting") };
    splitting.runs[0].elapsed_seconds = None;
    let said = threshold(&splitter, "splitter.concurrency-1.elapsed<1000s");
    assert!(said.ends_with("FAIL: not measured"), "{said}");
}

#[test]
fn what_is_no_limit_is_refused_before_anything_runs() {
    for (limit, expected) in [
        ("pipeline.http.p99", "has no <, <=, >, >= or =="),
        ("pipeline.http.p99=5ms", "has no <, <=, >, >= or =="),
        ("pipeline.http.p99<fast", "has no number as its limit"),
        ("p99<5ms", "doesn't begin with a scenario and a figure"),
    ] {
        let said = options(&["--threshold", limit]).unwrap_err();
        assert!(said.contains(expected), "{limit}: {said}");
    }
    let gates = options(&["--threshold", "archive.contenders<5"]).unwrap();
    let error = gates.of("pipeline").unwrap_err();
    assert!(error.is::<Usage>());
    assert_eq!(
        error.to_string(),
        "--threshold 'archive.contenders<5' is not of the scenario pipeline: begin it with pipeline."
    );
}

#[test]
fn a_file_has_the_limits_of_all_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("limits");
    let path = file.to_str().unwrap();
    fs::write(
        &file,
        "# what CI keeps\n\narchive.contenders-out==0\npipeline.http.p99<200ms # of warm ones\n",
    )
    .unwrap();
    let report =
        outcome(&result("pipeline"), &["--thresholds", path, "--threshold", "pipeline.messages.lost<1"]);
    let names: Vec<_> = report.gates.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(names, ["pipeline.messages.lost", "pipeline.http.p99"]);
    for (line, expected) in [
        (
            "pipline.http.p99<1ms",
            "limits, line 2: 'pipline.http.p99<1ms' begins with no scenario's name: archive, aurora",
        ),
        ("pipeline.http.p99 200ms", "limits, line 2: 'pipeline.http.p99 200ms' has no <"),
    ] {
        fs::write(&file, format!("\n{line}\n")).unwrap();
        let error = options(&["--thresholds", path]).unwrap().of("pipeline").unwrap_err();
        assert!(error.is::<Usage>() && error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn what_a_run_fails_on_is_chosen_by_name() {
    let mut archive = result("archive");
    let all = ["--fail-on", "out,failures,rejected"];
    assert!(outcome(&archive, &all).is_passed());
    let Detail::Archive(contest) = &mut archive.detail else { panic!("a contest") };
    contest.failure.push(Failure { arn: "arn:python-naive".to_owned(), reason: "crash: x".to_owned() });
    let missed: Vec<_> =
        outcome(&archive, &all).gates.iter().filter(|gate| !gate.is_passed()).map(Gate::row).collect();
    assert_eq!(missed, [["--fail-on out", "archive.contenders-out 1", "0", "FAIL: more than 0"]]);

    let mut pipeline = result("pipeline");
    assert!(outcome(&pipeline, &["--fail-on", "failures"]).is_passed());
    let Detail::Pipeline(delivery) = &mut pipeline.detail else { panic!("the pipeline") };
    delivery.messages.dead_lettered = 3;
    assert!(!outcome(&pipeline, &["--fail-on", "failures"]).is_passed());
    pipeline.warnings = vec!["noisy".to_owned()];
    assert!(!outcome(&pipeline, &["--fail-on", "warnings"]).is_passed());
}

#[test]
fn an_event_that_was_rejected_can_fail_a_run() {
    let mut splitter = result("splitter");
    let Detail::Splitter(splitting) = &mut splitter.detail else { panic!("a splitting") };
    let reply = serde_json::from_str(r#"{"statusCode": 400, "count": 0, "body": "no tags"}"#).unwrap();
    splitting.runs[0].reply = Some(reply);
    assert!(!outcome(&splitter, &["--fail-on", "rejected"]).is_passed());
    assert!(outcome(&splitter, &["--fail-on", "failures"]).is_passed());
}

#[test]
fn a_ci_system_reads_gates_and_checks_as_tests() {
    let mut pipeline = result("pipeline");
    pipeline.failed_checks = vec!["1 message lost: <a & b>".to_owned()];
    let limits = ["--threshold", "pipeline.http.p99<200ms", "--threshold", "pipeline.http.p99<1ms"];
    let report = outcome(&pipeline, &limits);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gates.xml");
    junit::write(&file, &report).unwrap();
    insta::assert_snapshot!(fs::read_to_string(&file).unwrap());
}
