//! `lambench list`, and results by their place in time, as a user meets them.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// A checkout with results: three contests, of which the second is from another stack, a load test, and what is no result.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put(folder.path(), "Pulumi.yaml", "name: lambench\n");
    let contest = fs::read_to_string("tests/v1/archive.json").expect("it is there");
    let later = contest.replace("2026-11-29", "2026-11-30");
    put(folder.path(), "results/archive/2026-11-29T18-28-56Z-dev.json", &contest);
    put(
        folder.path(),
        "results/archive/2026-11-29T18-30-00Z-big.json",
        &contest.replace("\"dev\"", "\"big\""),
    );
    put(folder.path(), "results/archive/2026-11-30T18-28-56Z-dev.json", &later);
    let load = fs::read_to_string("tests/v1/aurora.json").expect("it is there");
    put(folder.path(), "results/aurora/2026-11-29T18-33-28Z-dev.json", &load);
    put(folder.path(), "results/aurora/2026-11-29T19-00-00Z-dev.json", "not json");
    put(folder.path(), "results/archive/notes.txt", "mine");
    put(folder.path(), "results/bench/archive.json", "{}");
    folder
}

fn put(folder: &Path, file: &str, text: &str) {
    let file = folder.join(file);
    fs::create_dir_all(file.parent().expect("it has one")).expect("the folder is writable");
    fs::write(file, text).expect("the folder is writable");
}

/// What a command line prints in a folder: exit code, standard output, standard error.
fn run(folder: &TempDir, line: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("lambench").expect("cargo builds the binary for its tests");
    let output = command.current_dir(folder).args(line.split(' ')).output().expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("it wasn't killed"), text(output.stdout), text(output.stderr))
}

#[test]
fn results_are_listed_with_their_figures_and_what_is_none_is_named_with_the_reason() {
    let folder = checkout();
    let (code, listed, said) = run(&folder, "list");
    assert_eq!(code, 0, "{said}");
    insta::assert_snapshot!(listed);
    assert!(said.contains("warning: results/aurora/2026-11-29T19-00-00Z-dev.json is not JSON: "), "{said}");
    assert!(
        said.contains("warning: results/archive/notes.txt is not named <UTC time>Z-<stack>.json"),
        "{said}"
    );
    assert!(!said.contains("results/bench"), "{said}");
}

#[test]
fn the_list_is_chosen_by_scenario_and_stack_and_has_json() {
    let folder = checkout();
    let (_, listed, said) = run(&folder, "list archive --stack big --json");
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("it is JSON");
    assert_eq!(listed[0]["file"], "results/archive/2026-11-29T18-30-00Z-big.json");
    assert_eq!((listed.as_array().map(Vec::len), said.as_str()), (Some(1), ""));
    let (_, all, _) = run(&folder, "list --json");
    let all: serde_json::Value = serde_json::from_str(&all).expect("it is JSON");
    assert_eq!(all[4]["file"], "results/aurora/2026-11-29T19-00-00Z-dev.json");
    assert!(all[4]["error"].as_str().is_some_and(|error| error.contains("not JSON")), "{all}");
    let (code, listed, said) = run(&folder, "list pipeline");
    assert_eq!((code, listed.as_str()), (0, ""));
    assert!(said.contains("there are no such results"), "{said}");
    let (code, _, said) = run(&folder, "list archvie");
    assert!(code == 2 && said.contains("archive"), "{said}");
}

#[test]
fn results_are_shown_compared_and_reported_by_their_place_in_time() {
    let folder = checkout();
    for (line, expected) in [
        ("show latest", "archive on stack dev (LOCAL"),
        ("show archive/latest --stack big", "archive on stack big"),
        ("show latest~2 --stack dev", "aurora on stack dev"),
        ("compare archive/latest~1 archive/latest", "archive, compared with A"),
        ("report aurora/latest~1", "## aurora, stack dev"),
        ("report archive/latest --stack big", "## archive, stack big"),
    ] {
        let (code, shown, said) = run(&folder, line);
        assert!(code == 0 && shown.contains(expected), "{line}: {said}\n{shown}");
    }
}

#[test]
fn what_no_result_can_be_found_for_is_told_with_what_there_is() {
    let folder = checkout();
    let there_is = "results/ has 1 of archive on 'big', 2 of archive on 'dev', 2 of aurora on 'dev'";
    for (code, line, expected) in [
        (1, "show splitter/latest", there_is),
        (
            1,
            "show archive/latest~1 --stack big",
            "there is no latest~1 of archive on the stack 'big', but only 1 result",
        ),
        (1, "show aurora/latest", "is not JSON"),
        (2, "show latest~one", "write latest~1"),
        (2, "show results/archive/2026-11-29T18-28-56Z-dev.json --stack dev", "--stack belongs to 'latest'"),
    ] {
        let (ended, _, said) = run(&folder, line);
        assert!(ended == code && said.contains(expected), "{line}: {ended}: {said}");
    }
}

#[test]
fn a_file_that_is_called_latest_is_that_file() {
    let folder = checkout();
    let contest = fs::read_to_string("tests/v1/archive.json").expect("it is there");
    put(folder.path(), "latest", &contest.replace("\"dev\"", "\"mine\""));
    assert!(run(&folder, "show latest").1.contains("archive on stack mine"));
}

#[test]
fn trends_have_a_line_for_each_contender_and_values_where_nobody_looks() {
    let folder = checkout();
    let (code, shown, said) = run(&folder, "list archive --trend --stack dev");
    assert_eq!(code, 0, "{said}");
    insta::assert_snapshot!(shown);
    let (_, json, _) = run(&folder, "list archive --trend --stack dev --json");
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json[0]["series"][0]["means"].as_array().map(Vec::len), Some(2));
}
