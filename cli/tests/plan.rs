//! `lambench plan archive` as typed, with a `pulumi` that prints a stack's output.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A checkout whose stack `dev` has an archive contest.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let settings = json!({ "objectCount": 200, "objectSizeMib": 5, "seed": 1, "memory": 256 });
    let environment = json!({ "archive": {
        "stack": "dev", "region": "us-east-1", "endpoint": "http://127.0.0.1:1", "architecture": "arm64",
        "settings": settings, "settingRanges": {}, "memoryPerVcpu": 1769, "runLocks": "locks",
        "stateMachine": "arn", "contenders": [], "functions": { "preflight": "p", "verify": "v", "cleanup": "c" },
        "fillCommand": "fill", "sourcePrefix": "files", "archivePrefix": "archives/", "scratchPrefix": "seg-temps/",
    }});
    let pulumi = format!("#!/bin/sh\ncat <<'END'\n{environment}\nEND\n");
    fs::create_dir(path("bin")).unwrap();
    for (name, content) in [("Pulumi.yaml", "name: lambench\n"), ("bin/pulumi", &pulumi)] {
        fs::write(path(name), content).unwrap();
    }
    fs::set_permissions(path("bin/pulumi"), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn lambench(line: &str) -> Output {
    let checkout = checkout();
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new(cargo_bin("lambench"))
        .current_dir(checkout.path())
        .env("PATH", format!("{}:{path}", checkout.path().join("bin").display()))
        .args(line.split_whitespace())
        .output()
        .unwrap()
}

fn planned(options: &str) -> Vec<Value> {
    let output = lambench(&format!("plan archive --stack dev --json {options}"));
    assert!(output.status.success(), "{output:?}");
    let planned: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&planned["objects"], &planned["stack"]), (&200.into(), &"dev".into()));
    planned["designs"].as_array().unwrap().clone()
}

#[test]
fn the_stack_s_settings_and_the_objective_decide_what_comes_first() {
    let first = |options| planned(options)[0]["contender"].as_str().unwrap().to_owned();
    assert_eq!(first(""), "rust-copy-plan", "a share of fan-out has 64 MiB, too much for 200 objects");
    assert_eq!(first("--objective lambda-price"), "rust-copy-plan");
    assert_eq!(first("--objective total-price"), "rust-stream");
    assert!(planned("").iter().all(|design| design["memory_mb"] == 256), "the stack's");
}

#[test]
fn each_memory_size_and_number_of_functions_has_a_line() {
    let designs = planned("--memory 128,512 --workers 4,10");
    let of = |memory: u64, contender: &str| -> Vec<&Value> {
        designs.iter().filter(|one| one["memory_mb"] == memory && one["contender"] == contender).collect()
    };
    for memory in [128, 512] {
        assert_eq!((of(memory, "rust-stream").len(), of(memory, "rust-copy-plan").len()), (1, 1));
        let mut invocations: Vec<_> =
            of(memory, "rust-fan-out").iter().map(|one| one["invocations"].as_u64().unwrap()).collect();
        invocations.sort_unstable();
        assert_eq!(invocations, [4, 10]);
    }
    let slow = planned("--workers 10 --concurrency 2");
    let seconds = |designs: &[Value]| {
        let fan_out = |one: &&Value| one["contender"] == "rust-fan-out" && one["invocations"] == 10;
        designs.iter().find(fan_out).unwrap()["seconds"].as_f64().unwrap()
    };
    assert!(seconds(&slow) > 3.0 * seconds(&planned("--workers 10")), "they wait for one another");
}

#[test]
fn people_read_a_table_that_says_that_nothing_was_run() {
    let output = lambench("plan archive --stack dev --objective total-price");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("archive on stack dev: 200 objects, 1.04 GB; COMPUTED: nothing was run\n"),
        "{text}"
    );
    assert!(text.contains("least total price first"), "{text}");
    assert!(text.contains("| 1 | rust-stream    |"), "{text}");
}

#[test]
fn wrong_values_are_refused_before_the_stack_is_asked() {
    for (options, reason) in
        [("--memory 64", "128..=10240"), ("--workers 0", "1..=10000"), ("--objective best", "total-price")]
    {
        let output = lambench(&format!("plan archive {options}"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(reason), "{said}");
    }
}
