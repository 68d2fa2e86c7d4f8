//! Gates, as a CI job meets them: exit codes, what is printed, and the report.

use std::fs;
use std::process::Output;

use assert_cmd::Command;

const PIPELINE: &str = "tests/v1/pipeline.json";

fn lambench(arguments: &[&str]) -> Output {
    Command::cargo_bin("lambench")
        .expect("cargo builds the binary")
        .args(arguments)
        .output()
        .expect("it starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_missed_threshold_ends_with_3_and_each_outcome_is_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let junit = folder.path().join("gates.xml");
    let junit = junit.to_str().expect("UTF-8");
    let kept = ["show", PIPELINE, "--threshold", "pipeline.http.p99<200ms", "--junit", junit];
    let output = lambench(&kept);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let shown = text(&output.stdout);
    assert!(shown.contains("| pipeline.http.p99 | 14.89 ms | < 200 ms | pass |"), "{shown}");
    let missed = [&kept[..], &["--threshold", "pipeline.end-to-end.p99<100ms"]].concat();
    let output = lambench(&missed);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let shown = text(&output.stdout);
    assert!(shown.contains("| < 100 ms | FAIL: outside its limit |"), "{shown}");
    assert_eq!(text(&output.stderr), "error: 1 of 2 gates missed\n");
    let report = fs::read_to_string(junit).expect("it was written");
    assert!(report.contains(r#"tests="3" failures="1""#) && report.contains("<failure message="), "{report}");
}

#[test]
fn json_stays_json_and_the_gates_are_on_standard_error() {
    let output = lambench(&["show", PIPELINE, "--json", "--threshold", "pipeline.http.p99<1ms"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok());
    assert!(text(&output.stderr).contains("FAIL"), "{output:?}");
}

#[test]
fn an_unknown_figure_ends_with_3_and_lists_those_that_there_are() {
    let output = lambench(&["show", PIPELINE, "--threshold", "pipeline.htp.p99<1ms"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).contains("| FAIL: no such figure |"), "{output:?}");
    let said = text(&output.stderr);
    let expected = "error: no figure 'pipeline.htp.p99' in this result: it has pipeline.failed-checks, ";
    assert!(said.starts_with(expected) && said.contains(" pipeline.http-cold-starts.p99, "), "{said}");
}

#[test]
fn gates_that_are_none_are_a_wrong_command_line_before_anything_runs() {
    // Outside of a checkout this ends before anything is asked of Pulumi or AWS.
    for (arguments, expected) in [
        (&["run", "pipeline", "--threshold", "pipeline.http.p99"][..], "has no <, <=, >, >= or =="),
        (&["run", "pipeline", "--threshold", "archive.contenders<1"], "is not of the scenario pipeline"),
        (
            &["run", "pipeline", "--fail-on", "everything"],
            "possible values: out, failures, rejected, warnings",
        ),
        (&["compare", PIPELINE, PIPELINE, "--fail-above", "10"], "write 10%"),
        (&["compare", PIPELINE, PIPELINE, "--junit", "gates.xml"], "--fail-above"),
        (&["compare", PIPELINE], "give two files at least"),
    ] {
        let output = lambench(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_result_that_is_worse_than_another_ends_with_3() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut worse: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(PIPELINE).expect("a fixture")).expect("JSON");
    worse["summary"][0]["mean"] = serde_json::json!(10.0);
    let (file, junit) = (folder.path().join("worse.json"), folder.path().join("gates.xml"));
    fs::write(&file, worse.to_string()).expect("the folder is writable");
    let (file, junit) = (file.to_str().expect("UTF-8"), junit.to_str().expect("UTF-8"));
    let output = lambench(&["compare", PIPELINE, file, "--fail-above", "10%", "--junit", junit]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{shown}");
    assert!(shown.contains("B: pipeline.http.mean"), "{shown}");
    assert!(fs::read_to_string(junit).expect("it was written").contains("worse than A"));
    let output = lambench(&["compare", file, PIPELINE, "--fail-above", "10%"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("gate: pass: none of "), "{output:?}");
}

#[test]
fn a_result_whose_checks_failed_passes_no_gate() {
    let unfit = "tests/aurora-result.json";
    let output = lambench(&["compare", unfit, unfit, "--fail-above", "10%"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{shown}");
    assert!(shown.contains("gate: FAIL: checks: B: sqlx INSERT: 5 completions, but 4 rows"), "{shown}");
}

#[test]
fn several_runs_of_a_design_are_compared_with_several_of_another() {
    let output =
        lambench(&["compare", PIPELINE, PIPELINE, PIPELINE, "--against", PIPELINE, PIPELINE, PIPELINE]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        shown.contains("all have the same settings and options") && !shown.contains("can't tell"),
        "{shown}"
    );
}
