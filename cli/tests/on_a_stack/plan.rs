//! `lambench plan archive`.

use std::process::Output;

use serde_json::{Value, json};

use crate::checkout::{Checkout, scenario, text};

/// What comes of a command line where the stack `dev` has an archive contest.
fn lambench(line: &str) -> Output {
    let own = json!({
        "settings": { "objectCount": 200, "objectSizeMib": 5, "seed": 1, "memory": 256 },
        "stateMachine": "arn", "contenders": [], "functions": { "preflight": "p", "verify": "v", "cleanup": "c" },
        "verification": { "memory": 512, "atOnce": 5 }, "fillCommand": "fill",
        "sourcePrefix": "files", "archivePrefix": "archives/", "scratchPrefix": "seg-temps/",
    });
    Checkout::deployed(&json!({ "archive": scenario("http://127.0.0.1:1", own) })).run(line)
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
    let shown = text(&output.stdout);
    assert!(
        shown.starts_with("archive on stack dev: 200 objects, 1.04 GB; COMPUTED: nothing was run\n"),
        "{shown}"
    );
    assert!(shown.contains("least total price first"), "{shown}");
    assert!(shown.contains("| 1 | rust-stream    |"), "{shown}");
}

#[test]
fn wrong_values_are_refused_before_the_stack_is_asked() {
    for (options, reason) in
        [("--memory 64", "128..=10240"), ("--workers 0", "1..=10000"), ("--objective best", "total-price")]
    {
        let output = lambench(&format!("plan archive {options}"));
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(reason), "{said}");
    }
}
