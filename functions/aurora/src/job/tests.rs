//! Messages as SQS delivers them.

use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lambda_kit::postgres::Cluster;
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
    ] {
        assert_eq!(error(name, value), reason);
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
