//! Messages as SQS delivers them.

use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lambda_kit::postgres::Cluster;
use proptest::prelude::*;
use protocol::aurora::{Action, Driver, Endpoint};

use super::*;

const WRITER: &str = "load.cluster-abc.eu-west-1.rds.amazonaws.com";
const READER: &str = "load.cluster-ro-abc.eu-west-1.rds.amazonaws.com";

fn cluster() -> Cluster {
    Cluster {
        writer: WRITER.to_owned(),
        reader: READER.to_owned(),
        port: 5432,
        database: "shop".to_owned(),
        statement_timeout: Duration::from_secs(5),
        roots: Vec::new(),
    }
}

fn messages() -> Vec<SqsMessage> {
    let event: SqsEvent = serde_json::from_str(include_str!("../../fixtures/messages.json")).unwrap();
    event.records
}

/// The public load test's message, with one attribute changed, or without it.
fn error(name: &str, value: Option<&str>) -> String {
    let mut message = messages().remove(0);
    match (value, message.message_attributes.get(name).or(message.message_attributes.get("DMLS")).cloned()) {
        (Some(value), Some(mut attribute)) => {
            attribute.string_value = Some(value.to_owned());
            message.message_attributes.insert(name.to_owned(), attribute);
        }
        _ => {
            message.message_attributes.remove(name);
        }
    }
    parse(&message, &cluster(), Driver::Sqlx).expect_err("it can never be done").to_string()
}

#[test]
fn the_public_load_tests_message_is_understood() {
    let job = parse(&messages()[0], &cluster(), Driver::DataApi).unwrap();
    assert_eq!(job.source.id.to_string(), "059f36b4-87a3-44ab-83d2-661975830a7d");
    assert_eq!((job.source.run.as_str(), job.source.action), ("manual", Action::Insert));
    assert_eq!((job.source.wanted, job.batch, job.endpoint), (Some(100), 1, Endpoint::Writer));
}

#[test]
fn numbers_may_be_numbers_and_a_run_may_be_named() {
    let job = parse(&messages()[1], &cluster(), Driver::Sqlx).unwrap();
    assert_eq!((job.source.run.as_str(), job.source.action), ("2026-11-21-a", Action::Select2));
    assert_eq!((job.source.wanted, job.batch, job.endpoint), (Some(7), 20, Endpoint::Reader));
    assert_eq!(job.source.action.batch(job.batch), 1, "only INSERT takes several rows");
}

#[test]
fn the_reader_is_out_of_the_data_apis_reach() {
    let error = parse(&messages()[1], &cluster(), Driver::DataApi).unwrap_err().to_string();
    assert!(error.ends_with("but the Data API only reaches the writer"), "{error}");
}

#[test]
fn what_can_never_be_done_is_refused_with_the_reason() {
    for (name, value, reason) in [
        ("Action", Some("DELETE"), "Action is 'DELETE', but must be INSERT, SELECT, SELECT2 or TPCB"),
        ("Action", Some("insert"), "Action is 'insert', but must be INSERT, SELECT, SELECT2 or TPCB"),
        ("Action", None, "the message attribute Action is missing"),
        ("DMLS", Some("0"), "DMLS is '0', but must be a whole number from 1 to 10000"),
        ("DMLS", Some("10001"), "DMLS is '10001', but must be a whole number from 1 to 10000"),
        ("DMLS", Some("+7"), "DMLS is '+7', but must be a whole number from 1 to 10000"),
        ("DMLS", Some("many"), "DMLS is 'many', but must be a whole number from 1 to 10000"),
        ("DMLS", None, "the message attribute DMLS is missing"),
        ("BATCH", Some("1001"), "BATCH is '1001', but must be a whole number from 1 to 1000"),
        ("DBNAME", Some("postgres"), "DBNAME is 'postgres', but must be 'shop'"),
        ("DBNAME", None, "the message attribute DBNAME is missing"),
        ("HOST", None, "the message attribute HOST is missing"),
        ("DMLS", Some("-1"), "DMLS is '-1', but must be a whole number from 1 to 10000"),
        ("DMLS", Some("1e3"), "DMLS is '1e3', but must be a whole number from 1 to 10000"),
        ("DMLS", Some("999999999"), "DMLS is '999999999', but must be a whole number from 1 to 10000"),
        (
            "DMLS",
            Some("99999999999999999999"),
            "DMLS is '99999999999999999999', but must be a whole number from 1 to 10000",
        ),
        ("BATCH", Some("0"), "BATCH is '0', but must be a whole number from 1 to 1000"),
    ] {
        assert_eq!(error(name, value), reason);
    }
}

#[test]
fn a_run_that_is_empty_or_too_long_for_a_name_is_refused() {
    for (name, bytes) in [("", 0), (" ", 0), (&*"x".repeat(8000), 8000)] {
        let expected = format!(
            "RUN cannot be used: the name of a run must have 1 to 256 bytes and no control characters; this one has {bytes} bytes"
        );
        assert_eq!(error("RUN", Some(name)), expected);
    }
}

#[test]
fn a_foreign_host_is_refused_before_anything_is_sent_there() {
    let error = error("HOST", Some("evil.example.com"));
    assert_eq!(
        error,
        format!(
            "HOST is 'evil.example.com', but must be the cluster's writer '{WRITER}' or its reader '{READER}'"
        )
    );
}

#[test]
fn an_id_that_is_no_uuid_is_a_source_all_the_same() {
    assert_eq!(source_id("message-1"), source_id("message-1"));
    assert_ne!(source_id("message-1"), source_id("message-2"));
}

proptest! {
    #![proptest_config(test_kit::cases(256))]
    #[test]
    fn a_message_is_a_job_within_all_limits_or_refused(
        values in prop::collection::hash_map(
            prop::sample::select(&["Action", "DMLS", "HOST", "DBNAME", "RUN", "BATCH"][..]),
            prop_oneof![any::<String>(), "[-+0-9.e ]{0,24}", prop::sample::select(
                &["INSERT", "TPCB", " SELECT ", "insert", WRITER, READER, "shop", "100", "10000", "1"][..]
            ).prop_map(str::to_owned)],
            0..6,
        ),
        id in any::<String>(),
    ) {
        let mut message = messages().remove(0);
        message.message_id = Some(id);
        for (name, value) in values {
            let attribute = message.message_attributes["DMLS"].clone();
            let attribute = message.message_attributes.entry(name.to_owned()).or_insert(attribute);
            attribute.string_value = Some(value);
        }
        for driver in [Driver::Sqlx, Driver::DataApi] {
            match parse(&message, &cluster(), driver) {
                Ok(job) => {
                    prop_assert!((1..=MAX_STATEMENTS).contains(&job.source.wanted.unwrap()));
                    prop_assert!((1..=MAX_BATCH).contains(&job.batch));
                    prop_assert!((1..=256).contains(&job.source.run.len()));
                    prop_assert!(driver == Driver::Sqlx || job.endpoint == Endpoint::Writer);
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
