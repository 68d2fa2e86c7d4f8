//! `lambench estimate` and `lambench run --max-usd`, where nothing answers behind what `pulumi` prints.

use serde_json::{Value, json};

use crate::checkout::{Checkout, scenario, text};

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
