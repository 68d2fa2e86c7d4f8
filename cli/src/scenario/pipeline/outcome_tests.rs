use std::time::Duration;

use super::*;
use crate::scenario::pipeline::testing::{delivery, findings, test};

#[test]
fn rates_are_over_the_time_without_the_ramp_until_the_last_answer_and_the_last_row() {
    let delivery = delivery();
    let requests = &delivery.requests;
    assert_eq!((requests.sent, requests.accepted, requests.throttled), (13_000, 12_990, 10));
    assert!((requests.seconds - 60.01).abs() < 1e-9);
    assert!((requests.accepted_per_second - 11_990.0 / 60.01).abs() < 1e-9, "{requests:?}");
    let messages = &delivery.messages;
    assert!((messages.seconds - 60.41).abs() < 1e-6, "{messages:?}");
    assert!((messages.per_second - 11_986.0 / messages.seconds).abs() < 1e-9);
    assert!((messages.drain_seconds.unwrap() - 0.4).abs() < 1e-6);
}

#[test]
fn a_load_that_ends_early_is_not_made_fast_by_its_last_interval() {
    let mut findings = findings();
    findings.sent.record.last_answer = Duration::from_secs(20);
    findings.arrived.tally.last_stored_us = Some(findings.sent.start_us + 20_000_000);
    let test = test();
    let delivery = super::delivery(&test, &findings, &usage(&test, &findings));
    assert!((delivery.requests.seconds - 60.0).abs() < 1e-9);
    assert!((delivery.messages.seconds - 60.0).abs() < 1e-9);
}

#[test]
fn every_accepted_message_has_one_place() {
    let delivery = delivery();
    let messages = &delivery.messages;
    assert_eq!((messages.stored, messages.dead_lettered, messages.lost), (12_986, 4, 0));
    assert_eq!(messages.reasons, BTreeMap::from([("downstream: 22021: too long".to_owned(), 4)]));
    assert_eq!((messages.deliveries, messages.duplicates), (12_989, 3));
    assert_eq!(violations::of(&delivery, &findings().arrived.tally), [""; 0]);
}

#[test]
fn lost_messages_are_named_by_id_a_hundred_at_most_and_all_by_number() {
    let test = test();
    let mut findings = findings();
    findings.arrived.tally.numbers = vec![(0, 4999)];
    findings.arrived.tally.rows = 5000;
    let dead = BTreeMap::new();
    let rows = &findings.arrived.tally.numbers;
    findings.arrived.account =
        crate::scenario::pipeline::account::Account::of(&findings.sent.record.fates, 1000, rows, &dead);
    let delivery = super::delivery(&test, &findings, &usage(&test, &findings));
    assert_eq!((delivery.messages.lost, delivery.messages.lost_ids.len()), (7990, 100));
    assert_eq!(delivery.messages.lost_ids[0], "lambench-20261121T100000000Z-5010");
    assert_eq!(delivery.messages.lost_numbers, [(5010, 12_999)]);
    let failed_checks = violations::of(&delivery, &findings.arrived.tally);
    assert_eq!(failed_checks.len(), 1, "{failed_checks:?}");
}

#[test]
fn samples_are_the_latencies_of_the_requests_and_of_each_hop() {
    let delivery = delivery();
    let measured = measured(findings(), &delivery);
    let names: Vec<&str> = measured.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["http", "api", "stream", "table", "row", "end-to-end"], "no cold start was measured");
    let http = measured[0].summary().unwrap();
    assert_eq!((http.count, http.failures), (11_990, 10));
    assert_eq!(measured[5].summary().unwrap().failures, 4, "dead letters never get to the end");
}

#[test]
fn functions_without_report_lines_have_no_figures_and_the_run_no_price() {
    let test = test();
    let mut findings = findings();
    findings.functions[1].1 = None;
    let usage = usage(&test, &findings);
    let delivery = super::delivery(&test, &findings, &usage);
    let known: Vec<&str> = delivery.functions.iter().map(|one| one.function.as_str()).collect();
    assert_eq!(known, ["upstream", "downstream"]);
    assert_eq!(delivery.price.per_million_usd, None);
    assert_eq!(cost(&delivery, &usage), None);
}

#[test]
fn a_price_says_whether_auroras_capacity_is_in_it() {
    let test = test();
    let mut findings = findings();
    let item = |findings: &Findings| {
        let usage = usage(&test, findings);
        cost(&super::delivery(&test, findings, &usage), &usage).unwrap().item
    };
    assert_eq!(item(&findings), "a million messages, without Aurora's capacity");
    findings.acu_hours = Some(0.1);
    assert_eq!(item(&findings), "a million messages, with Aurora's capacity");
}
