//! What a run's result says of its observation.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use results::scenario::Detail;

use super::aggregate;
use super::cost::costs;
use super::failed_checks::failed_checks;
use super::series::series;
use crate::result_file;
use crate::scenario::pipeline::execute::Reconciliation;
use crate::scenario::pipeline::testing::{delivery, observation, run};

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
fn a_load_that_was_stopped_is_measured_over_the_time_until_then_and_is_incomplete() {
    let mut stopped = observation();
    stopped.schedule.stages[0].duration = Duration::from_secs(12);
    stopped.load.requests.statuses.truncate(3400);
    stopped.load.requests.last_answer = Duration::from_millis(22_010);
    stopped.missing = vec!["9600 of 13000 requests".to_owned()];
    let measurement = super::measurement(&run(), &stopped);
    assert_eq!(measurement.missing, ["9600 of 13000 requests"]);
    let Detail::Pipeline(delivery) = measurement.detail else { panic!("a delivery") };
    assert!((delivery.offered.seconds - 12.0).abs() < 1e-9);
    assert!((delivery.requests.accepted_per_second - 2400.0 / 12.01).abs() < 1e-9, "{:?}", delivery.requests);
}

#[test]
fn a_load_that_ends_early_is_not_made_fast_by_its_last_interval() {
    let mut observation = observation();
    observation.load.requests.last_answer = Duration::from_secs(20);
    observation.arrived.tally.last_stored_us = Some(observation.load.start_us + 20_000_000);
    let delivery = aggregate::delivery(&run(), &observation);
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
    assert_eq!(failed_checks(&delivery, &observation().arrived.tally), [""; 0]);
}

#[test]
fn lost_messages_are_named_by_id_a_hundred_at_most_and_all_by_number() {
    let mut observation = observation();
    observation.arrived.tally.numbers = vec![(0, 4999)];
    observation.arrived.tally.rows = 5000;
    let (statuses, rows) = (&observation.load.requests.statuses, &observation.arrived.tally.numbers);
    observation.arrived.reconciliation = Reconciliation::new(statuses, 1000, rows, &BTreeMap::new());
    let delivery = aggregate::delivery(&run(), &observation);
    assert_eq!((delivery.messages.lost, delivery.messages.lost_ids.len()), (7990, 100));
    assert_eq!(delivery.messages.lost_ids[0], "lambench-20261121T100000000Z-5010");
    assert_eq!(delivery.messages.lost_numbers, [(5010, 12_999)]);
    let failed_checks = failed_checks(&delivery, &observation.arrived.tally);
    assert_eq!(failed_checks.len(), 1, "{failed_checks:?}");
}

#[test]
fn samples_are_the_latencies_of_the_requests_and_of_each_hop() {
    let measured = series(&observation(), &delivery());
    let names: Vec<&str> = measured.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["http", "api", "stream", "table", "row", "end-to-end"], "no cold start was measured");
    let http = measured[0].summary().unwrap();
    assert_eq!((http.count, http.failures), (11_990, 10));
    assert_eq!(measured[5].summary().unwrap().failures, 4, "dead letters never get to the end");
}

#[test]
fn functions_without_report_lines_have_no_figures_and_the_run_no_price() {
    let mut observation = observation();
    observation.functions[1].1 = None;
    let delivery = aggregate::delivery(&run(), &observation);
    let known: Vec<&str> = delivery.functions.iter().map(|one| one.function.as_str()).collect();
    assert_eq!(known, ["upstream", "downstream"]);
    assert_eq!(costs(&run(), &observation)[0].usd, None);
}

#[test]
fn a_result_of_schema_version_1_is_shown_with_all_its_figures() {
    let result = result_file::read(Path::new("tests/v1/pipeline.json")).unwrap();
    insta::assert_snapshot!(crate::show::render(&result));
}
