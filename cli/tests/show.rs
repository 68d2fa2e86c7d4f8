//! `lambench show`, `compare`, `report` and the command line, as a user meets them.

use std::fs;

use assert_cmd::Command;

fn lambench() -> Command {
    Command::cargo_bin("lambench").expect("cargo builds the binary for its tests")
}

/// Runs a command that must fail; returns its exit code and what it said.
fn fails(arguments: &[&str]) -> (i32, String) {
    let output = lambench().args(arguments).output().expect("the binary starts");
    assert!(output.stdout.is_empty(), "an error belongs on standard error");
    (output.status.code().expect("it wasn't killed"), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn a_file_that_is_no_result_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (content, expected) in [
        ("not json", "is not JSON"),
        ("{}", "is not a lambench result: it has no schema_version"),
        (
            r#"{"schema_version": 99}"#,
            "has schema version 99, this lambench reads 2: use the version that wrote it",
        ),
        (r#"{"schema_version": 1}"#, "doesn't follow docs/results.schema.json"),
    ] {
        let file = folder.path().join("result.json");
        fs::write(&file, content).expect("the folder is writable");
        let (code, said) = fails(&["show", file.to_str().expect("UTF-8")]);
        assert_eq!(code, 1);
        assert!(said.starts_with("error: ") && said.contains(expected), "{said}");
    }
    let (_, said) = fails(&["show", "/nowhere/result.json"]);
    assert!(said.contains("give the path that 'lambench run' printed"), "{said}");
}

#[test]
fn a_wrong_command_line_ends_with_2_and_names_what_there_is() {
    let (code, said) = fails(&["run", "archvie"]);
    assert_eq!(code, 2);
    assert!(said.contains("archive"), "{said}");
}

#[test]
fn options_that_do_not_go_together_are_a_wrong_command_line() {
    // Outside of a checkout this ends before anything is asked of Pulumi or AWS.
    for (line, expected) in [
        ("run aurora --mode queue --rate 5", "--rate doesn't belong to --mode queue"),
        ("run aurora --messages 5", "use --mode queue"),
        ("run aurora --split --driver data-api", "the Data API only reaches the cluster's writer"),
        ("run aurora --from 5 --to 2", "a ramp has more clients at its end"),
        ("run aurora --action DELETE", "INSERT"),
        ("run archive --rate 5", "--rate"),
        ("run archive --cold-only --warmup 2", "cannot be used with"),
        ("run archive --contender rust-[", "Pattern syntax error"),
        ("run archive --runs 0", "--runs <N>"),
    ] {
        let (code, said) = fails(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(code, 2, "{line}: {said}");
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn a_load_test_is_shown_again_as_it_was_run() {
    let output = lambench().args(["show", "tests/aurora-result.json"]).output().expect("the binary starts");
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    for expected in [
        "aurora on stack dev (LOCAL, without a share of the processor: durations say nothing about AWS)",
        "INSERT: closed loop, 10 s per stage",
        "40001×2, connection×1, lost×1",
        "ERROR: sqlx INSERT: 5 completions, but 4 rows in the table",
        "warning: local: ",
    ] {
        assert!(shown.contains(expected), "{expected} is missing in:\n{shown}");
    }
}

#[test]
fn help_has_examples_and_exit_codes() {
    let output = lambench().arg("--help").output().expect("the binary starts");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    for expected in ["Examples:", "lambench run archive --stack dev", "Exit codes:", "130"] {
        assert!(help.contains(expected), "{help}");
    }
}

#[test]
fn results_are_compared_and_reported_as_what_they_are() {
    let twice = ["compare", "tests/aurora-result.json", "tests/aurora-result.json"];
    for (arguments, expected) in [
        (
            &twice[..],
            "aurora, compared with A (LOCAL, without a share of the processor: durations say nothing about AWS)",
        ),
        (&["report", "tests/aurora-result.json"], "## aurora, stack dev\n\nLOCAL"),
    ] {
        let output = lambench().args(arguments).output().expect("the binary starts");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success() && shown.contains(expected), "{arguments:?}:\n{shown}");
    }
    let (code, said) = fails(&["compare", "tests/aurora-result.json"]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn an_incomplete_result_says_so_wherever_it_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = fs::read_to_string("tests/aurora-result.json").expect("it is there");
    let mut result: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
    result["incomplete"] =
        serde_json::json!({ "reason": "interrupted", "missing": ["sqlx INSERT: the stage of 8 clients"] });
    let file = folder.path().join("result.json");
    fs::write(&file, result.to_string()).expect("the folder is writable");
    let file = file.to_str().expect("UTF-8");
    let lacks = "INCOMPLETE (interrupted); missing: sqlx INSERT: the stage of 8 clients";
    for (arguments, expected) in [
        (&["show", file][..], format!("{lacks}\naurora on stack dev")),
        (&["report", file], format!("## aurora, stack dev\n\n**{lacks}**\n\nLOCAL")),
        (&["compare", "tests/aurora-result.json", file], format!("\nB: {lacks}\n")),
    ] {
        let output = lambench().args(arguments).output().expect("the binary starts");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success() && shown.contains(&expected), "{arguments:?}:\n{shown}");
    }
}

#[test]
fn results_become_one_page_in_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page = folder.path().join("report.html");
    let file = page.to_str().expect("UTF-8");
    let results = ["tests/aurora-result.json", "tests/v1/archive.json"];
    let output =
        lambench().args(["report", "--html", file]).args(results).output().expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("page: {file}\n"));
    let html = fs::read_to_string(&page).expect("the page was written");
    for expected in ["<!DOCTYPE html>", "aurora, stack dev", "archive, stack dev", "<svg", "40001×2"] {
        assert!(html.contains(expected), "{expected} is missing");
    }
    let (code, said) = fails(&["report", "--html", "/nowhere/report.html", results[0]]);
    assert_eq!(code, 1);
    assert!(said.starts_with("error: cannot write the page /nowhere/report.html: "), "{said}");
}

#[test]
fn a_reader_that_goes_ends_a_command_quietly() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("lambench"))
        .args(["show", "tests/aurora-result.json"])
        .stdout(writer)
        .output()
        .expect("the binary starts");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_full_disk_is_an_error_with_its_reason() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has /dev/full");
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("lambench"))
        .args(["show", "tests/aurora-result.json"])
        .stdout(full)
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: cannot write to standard output: No space left on device"), "{said}");
}

/// The lines of a result for a terminal of some columns.
fn shown(columns: usize, more: &[&str]) -> Vec<String> {
    let output = lambench()
        .args(["show", "tests/aurora-result.json"])
        .args(more)
        .env("COLUMNS", columns.to_string())
        .output()
        .expect("the binary starts");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(ToOwned::to_owned).collect()
}

#[test]
fn a_result_fits_the_terminal_and_nothing_of_it_is_left_out() {
    let width = |lines: &[String]| lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let wide = shown(80, &["--wide"]);
    assert!(width(&wide) > 120, "the example is wide");
    for columns in [80, 100, 120] {
        let fitted = shown(columns, &[]);
        let is_command = |line: &&String| {
            ["pulumi ", "lambench "].iter().any(|start| line.trim_start().starts_with(start))
        };
        let text: Vec<_> = fitted.iter().filter(|line| !is_command(line)).cloned().collect();
        assert!(width(&text) <= columns, "{columns}:\n{}", fitted.join("\n"));
        for word in wide.iter().flat_map(|line| line.split([' ', '|'])).filter(|word| !word.starts_with("--"))
        {
            assert!(fitted.iter().any(|line| line.contains(word)), "{columns}: {word} is missing");
        }
    }
}

#[test]
fn a_pipe_gets_whole_lines_without_colour_and_a_person_can_do_without_it_too() {
    let shown = |name: &str, value: &str| {
        let output = lambench().args(["show", "tests/aurora-result.json"]).env(name, value).output();
        String::from_utf8(output.expect("the binary starts").stdout).expect("UTF-8")
    };
    let piped = shown("TERM", "xterm");
    assert!(!piped.contains('\u{1b}') && piped.lines().any(|line| line.chars().count() > 120), "{piped}");
    assert!(shown("CLICOLOR_FORCE", "1").contains("\u{1b}[31mERROR:"));
    assert_eq!(shown("NO_COLOR", "1"), piped);
}

#[test]
fn a_result_becomes_comma_separated_values() {
    let output =
        lambench().args(["show", "--csv", "tests/aurora-result.json"]).output().expect("the binary starts");
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    let columns = "scenario,stack,environment,started_at,name,statistic,unit,value";
    assert_eq!(shown.lines().next(), Some(columns), "{shown}");
}

#[test]
fn contenders_are_ranked_by_what_the_user_asks_for() {
    let first = |arguments: &[&str]| {
        let output = lambench().args(arguments).output().expect("the binary starts");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        let row = shown.lines().find(|line| line.starts_with("| 1 |")).expect("a winner").to_owned();
        assert!(shown.contains("\nverdict: cheapest in all, with S3's requests: rust-stream ("), "{shown}");
        row.split('|').nth(2).expect("a name").trim().to_owned()
    };
    let file = "tests/v1/archive.json";
    for (rank_by, expected) in
        [("lambda-price", "rust-copy-plan"), ("total-price", "rust-stream"), ("time", "rust-copy-plan")]
    {
        assert_eq!(first(&["show", file, "--rank-by", rank_by]), expected, "{rank_by}");
    }
    assert_eq!(first(&["show", file]), "rust-copy-plan");
    let (code, said) = fails(&["show", "tests/v1/splitter.json", "--rank-by", "time"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("only results of archive have, and this one is of splitter: leave it out"),
        "{said}"
    );
}

#[test]
fn a_result_whose_checks_failed_names_no_winner() {
    let output = lambench().args(["show", "tests/aurora-result.json"]).output().expect("the binary starts");
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    let verdict = shown.find("\nverdict: unfit for use: ").expect("a verdict");
    let error = shown.find("\nERROR: ").expect("a failed check");
    assert!(verdict < error, "{shown}");
}
