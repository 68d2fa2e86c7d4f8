//! What is counted of requests, and from when.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use hyper::body::Bytes;

use crate::connection::{Answer, SendError};
use crate::request_log::{RequestLog, RequestStatus, Throttled, Times};
use crate::seconds::Event;

const START_US: u64 = 1_000_000_000;

fn times(due: u64, sent: u64, answered: u64) -> Times {
    let [due, sent, answered] = [due, sent, answered].map(Duration::from_micros);
    Times { due, sent, answered }
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::from(body.to_owned()) }
}

fn accepted(arrived_us: u64) -> Answer {
    answer(200, &[("x-arrived-us", &arrived_us.to_string())], "")
}

#[test]
fn a_latency_counts_from_when_the_request_was_due() {
    let mut log = RequestLog::new(2);
    log.answered(0, times(1_000, 41_000, 51_000), &accepted(START_US + 45_000), Some(0), START_US);
    assert!((log.warm.quantile_ms(1.0).unwrap() - 50.0).abs() < 0.1, "{log:?}");
    assert_eq!(log.statuses, [RequestStatus::Accepted, RequestStatus::Unsent]);
    assert_eq!(log.last_answer, Duration::from_millis(51));
}

#[test]
fn cold_starts_and_the_ramp_are_no_part_of_the_latencies() {
    let mut log = RequestLog::new(2);
    let first = [("x-cold-start", "1"), ("x-lambda-request-id", "a")];
    log.answered(0, times(0, 0, 900_000), &answer(200, &first, ""), Some(0), START_US);
    log.answered(1, times(0, 0, 900_000), &answer(200, &[], ""), None, START_US);
    assert_eq!((log.warm.count(), log.cold.count(), log.cold_starts), (0, 1, 1));
    assert_eq!(log.count(RequestStatus::Accepted), 2);
    assert_eq!(log.request_ids.iter().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn refusals_are_counted_by_status_with_the_first_ones_words() {
    let mut log = RequestLog::new(6);
    for (number, status, body) in [
        (0, 429, r#"{"message":"Too Many Requests"}"#),
        (1, 503, r#"{"message":"throttled: the stream accepts no more"}"#),
        (2, 503, r#"{"message":"Service Unavailable"}"#),
        (3, 403, r#"{"message":"Forbidden"}"#),
        (4, 500, "<html>"),
    ] {
        log.answered(number, times(0, 0, 10), &answer(status, &[], body), Some(0), START_US);
    }
    log.failed(5, SendError::NotSent, Duration::ZERO);
    let counted: Vec<(&str, u64)> = log.refused.iter().map(|(kind, n)| (kind.as_str(), *n)).collect();
    assert_eq!(counted, [("403", 1), ("429", 1), ("500", 1), ("503", 2), ("connection", 1)]);
    assert_eq!((log.throttled, log.stages[0].throttled), (Throttled { by_api: 1, by_stream: 1 }, 2));
    assert_eq!(
        (log.error_messages["403"].as_str(), log.error_messages["500"].as_str()),
        ("Forbidden", "<html>")
    );
    let statuses = [
        RequestStatus::Refused,
        RequestStatus::Failed,
        RequestStatus::Failed,
        RequestStatus::Refused,
        RequestStatus::Failed,
        RequestStatus::Unsent,
    ];
    assert_eq!(log.statuses, statuses, "behind a 5xx the message may have arrived, behind a 4xx not");
    assert_eq!(log.warm.count(), 0, "a refusal has no latency");
    assert_eq!(log.seconds.of(Event::Refused), [6], "each status, and what couldn't be sent");
}

#[test]
fn a_request_without_an_answer_may_have_arrived() {
    let mut log = RequestLog::new(2);
    log.failed(0, SendError::Unknown, Duration::ZERO);
    log.timed_out(1, Duration::from_secs(29));
    assert_eq!(log.unknown, BTreeMap::from([("connection".to_owned(), 1), ("timeout".to_owned(), 1)]));
    assert_eq!(log.count(RequestStatus::Unknown), 2);
    let seconds = log.seconds.of(Event::Unknown);
    assert_eq!((seconds[0], seconds[29], seconds.len()), (1, 1, 30), "when they were given up");
}

#[test]
fn a_clock_differs_where_a_message_arrives_outside_of_its_request() {
    for (arrived, expected) in [
        // Within the request, and within what cannot be told.
        (5_000, 0),
        (10_900, 0),
        (60_000, 50_000),
    ] {
        let mut log = RequestLog::new(1);
        log.answered(0, times(0, 1_000, 10_000), &accepted(START_US + arrived), Some(0), START_US);
        assert_eq!(log.clock_us, expected, "arrived at {arrived}");
    }
    let mut log = RequestLog::new(2);
    log.answered(0, times(0, 1_000, 10_000), &accepted(START_US - 4_000), Some(0), START_US);
    log.answered(1, times(0, 1_000, 10_000), &accepted(START_US - 2_000), Some(0), START_US);
    assert_eq!(log.clock_us, -5_000, "the greatest difference that is certain");
}

#[test]
fn lateness_is_the_senders_own_only_while_a_connection_was_free() {
    let [due, busy_until, sent] = [10, 25, 26].map(Duration::from_millis);
    let mut log = RequestLog::new(1);
    log.ready(Some(0), due, busy_until, sent);
    assert_eq!(log.waited, 1);
    assert!((log.lateness.quantile_ms(1.0).unwrap() - 1.0).abs() < 0.01);
    log.ready(Some(0), due, Duration::ZERO, sent);
    assert_eq!(log.waited, 1);
    assert!((log.lateness.quantile_ms(1.0).unwrap() - 16.0).abs() < 0.02);
}
