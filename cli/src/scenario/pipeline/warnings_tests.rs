use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::scenario::pipeline::outcome;
use crate::scenario::pipeline::testing::{findings, test};

fn on_aws() -> Test {
    let mut test = test();
    test.pipeline.deployment.endpoint = None;
    test
}

/// A run without any trouble.
fn smooth() -> Findings {
    let mut findings = findings();
    findings.sent.record.refused.clear();
    findings.sent.record.throttled = Throttled::default();
    findings.arrived.account.dead_lettered = 0;
    findings
}

fn said(test: &Test, findings: &Findings) -> Vec<String> {
    of(test, findings, &outcome::delivery(test, findings, &outcome::usage(test, findings)))
}

/// The only warning of a smooth run on AWS, after a change.
fn only(change: impl FnOnce(&mut Test, &mut Findings)) -> String {
    let (mut test, mut findings) = (on_aws(), smooth());
    change(&mut test, &mut findings);
    let warnings = said(&test, &findings);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    warnings.into_iter().next().unwrap()
}

#[test]
fn a_run_without_any_trouble_has_no_warning() {
    assert_eq!(said(&on_aws(), &smooth()), [""; 0]);
}

#[test]
fn a_local_run_says_what_it_is_good_for() {
    let warnings = said(&test(), &smooth());
    assert!(warnings.len() == 1 && warnings[0].starts_with("local: "), "{warnings:?}");
}

#[test]
fn few_requests_are_warned_of() {
    let said = only(|_, findings| findings.sent.record.warm = protocol::histogram::Histogram::default());
    assert!(said.contains("raise --duration or --rate"), "{said}");
}

#[test]
fn throttled_requests_come_with_the_setting_that_helps() {
    let by_api = |test: &mut Test, findings: &mut Findings| {
        findings.sent.record.throttled.by_api = 3;
        test.plan.schedule.rate = 2000;
    };
    assert!(only(by_api).ends_with("pulumi config set apiRate 4000 --stack dev"));
    let burst = only(|_, findings| findings.sent.record.throttled.by_api = 3);
    assert!(burst.ends_with("pulumi config set apiBurst 1000 --stack dev"), "{burst}");
    let shard = only(|_, findings| findings.sent.record.throttled.by_stream = 1);
    assert!(shard.starts_with("1 request throttled by the stream"), "{shard}");
    assert!(shard.ends_with("pulumi config set shards 2 --stack dev"), "{shard}");
}

#[test]
fn errors_come_with_the_apis_words_and_with_what_to_do() {
    let said = only(|_, findings| {
        findings.sent.record.refused = BTreeMap::from([("403".to_owned(), 2)]);
        findings.sent.record.said = BTreeMap::from([("403".to_owned(), "Forbidden".to_owned())]);
    });
    assert_eq!(
        said,
        "2 × 403 ('Forbidden'): these credentials may not call the API: use those that deployed the stack"
    );
    let unknown = |_: &mut Test, findings: &mut Findings| {
        findings.sent.record.unknown = BTreeMap::from([("timeout".to_owned(), 4)]);
    };
    assert!(only(unknown).starts_with("4 requests without an answer, none of which was tried again"));
}

#[test]
fn a_generator_that_is_late_itself_says_so() {
    let late = |_: &mut Test, findings: &mut Findings| {
        (0..100).for_each(|_| findings.sent.record.late.record(Duration::from_millis(3)));
    };
    assert!(only(late).contains("3.00 ms later than due"));
}

#[test]
fn few_connections_are_told_apart_from_a_slow_api() {
    let said = only(|_, findings| findings.sent.record.waited = 200);
    assert!(said.starts_with("200 of 12000 requests were due while all 50 connections were busy"), "{said}");
    let few = smooth();
    assert_eq!(said_with_waited(few, 100), [""; 0], "less than 1 %");
    let unsent = only(|_, findings| findings.sent.record.unsent = 7);
    assert!(unsent.starts_with("7 requests were never sent"), "{unsent}");
}

fn said_with_waited(mut findings: Findings, waited: u64) -> Vec<String> {
    findings.sent.record.waited = waited;
    said(&on_aws(), &findings)
}

#[test]
fn clocks_that_differ_are_told_with_the_figures_that_are_off() {
    let behind = only(|_, findings| findings.sent.record.clock_us = -2500);
    assert!(
        behind.starts_with("the functions' clock is behind this machine's by 2.50 ms or more"),
        "{behind}"
    );
    assert!(behind.contains("hops api and end-to-end"), "{behind}");
}

#[test]
fn dead_letters_come_with_the_command_that_shows_them() {
    let said = only(|_, findings| findings.arrived.account.dead_lettered = 4);
    assert!(said.contains("aws sqs receive-message --queue-url http://q/midstream-dead"), "{said}");
}

#[test]
fn cold_starts_in_the_hops_are_kept_out_by_a_ramp() {
    let said = only(|test, _| test.plan.schedule.ramp = Duration::ZERO);
    assert!(said.starts_with("4 cold starts of midstream and downstream"), "{said}");
    assert!(said.ends_with("--ramp 10s"), "{said}");
}

#[test]
fn a_hop_that_took_less_than_no_time_is_told() {
    let said = only(|_, findings| {
        findings.arrived.tally.negative.insert(protocol::pipeline::Hop::Stream, 3);
    });
    assert!(said.starts_with("3 values of the hop stream below 0, counted as 1 µs"), "{said}");
}
