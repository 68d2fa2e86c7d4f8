//! Messages of the queue that can never be done: refused before anything reaches for the database.

use std::sync::Arc;
use std::time::Duration;

use aurora::queue::QueueWorker;
use aurora::worker::Worker;
use aws_config::SdkConfig;
use lambda_kit::postgres::{Cluster, Postgres};
use lambda_kit::sql::SqlTransport;
use lambda_kit::sqs::{self, DeadLetters};
use serde_json::{Value, json};
use test_kit::aws;
use test_kit::postgres::login;

use crate::work::SIZES;

const WRITER: &str = "load.cluster-abc.eu-west-1.rds.amazonaws.com";
const READER: &str = "load.cluster-ro-abc.eu-west-1.rds.amazonaws.com";
/// Too little for a message that can be done: it comes back, without a database.
const REMAINING: Duration = Duration::from_millis(500);

/// A worker whose cluster is nowhere.
fn worker(config: &SdkConfig) -> QueueWorker {
    let cluster = Cluster {
        writer: WRITER.to_owned(),
        reader: READER.to_owned(),
        port: 5432,
        database: "shop".to_owned(),
        statement_timeout: Duration::from_secs(5),
        roots: Vec::new(),
    };
    let postgres = Postgres::new(cluster.clone(), login("lambench", "of-this-test"));
    let worker = Worker {
        cluster,
        sizes: SIZES,
        transport: SqlTransport::Sqlx(Arc::new(postgres)),
        metrics_namespace: "test".to_owned(),
    };
    QueueWorker {
        worker,
        dead_letters: DeadLetters::new(config, "https://sqs/dead".to_owned()),
        max_receives: 5,
    }
}

/// The public load test's message at its first delivery, with an id and one attribute changed.
fn message(id: usize, name: &str, value: &str) -> Value {
    let event: Value = serde_json::from_str(include_str!("../../fixtures/messages.json")).unwrap();
    let mut message = event["Records"][0].clone();
    message["messageId"] = json!(id.to_string());
    message["messageAttributes"][name] = json!({ "stringValue": value, "dataType": "String" });
    message
}

#[tokio::test]
async fn what_can_never_be_done_is_dead_lettered_with_the_reason_at_its_first_delivery() {
    let foreign = format!(
        "HOST is 'db.example.com', but must be the cluster's writer '{WRITER}' or its reader '{READER}'"
    );
    let refused = [
        ("DMLS", "0", "DMLS is '0', but must be a whole number from 1 to 10000"),
        ("DMLS", "-1", "DMLS is '-1', but must be a whole number from 1 to 10000"),
        ("DMLS", "1e3", "DMLS is '1e3', but must be a whole number from 1 to 10000"),
        ("DMLS", "999999999", "DMLS is '999999999', but must be a whole number from 1 to 10000"),
        ("Action", "insert", "Action is 'insert', but must be INSERT, SELECT, SELECT2 or TPCB"),
        ("HOST", "db.example.com", foreign.as_str()),
        ("BATCH", "0", "BATCH is '0', but must be a whole number from 1 to 1000"),
    ];
    let (config, asked) = aws::config(|operation, _| {
        assert_eq!(operation, "SendMessage");
        aws::message_sent()
    });
    let worker = worker(&config);
    let messages = refused.iter().enumerate().map(|(id, (name, value, _))| message(id, name, value));
    let records: Vec<_> = messages.chain([message(refused.len(), "DMLS", "100")]).collect();
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let response = sqs::each(event, async |message| worker.handle(&message, REMAINING).await).await;
    let come_again: Vec<_> =
        response.batch_item_failures.iter().map(|one| one.item_identifier.as_str()).collect();
    assert_eq!(come_again, ["7"], "only the message that can be done is delivered again");

    let attribute = |letter: &Value, name: &str| {
        letter["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned()
    };
    let letters = aws::requests(&asked, "SendMessage");
    let letters: Vec<_> =
        letters.iter().map(|letter| (attribute(letter, "MessageId"), attribute(letter, "Reason"))).collect();
    let expected: Vec<_> =
        refused.iter().enumerate().map(|(id, (.., reason))| (id.to_string(), (*reason).to_owned())).collect();
    assert_eq!(letters, expected);
}
