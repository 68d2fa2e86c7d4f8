//! What the tests share: AWS answered by the test itself, and events.

pub mod events;
pub mod rows;

use aws_config::SdkConfig;
use pipeline::dead_letters::DeadLetters;
use pipeline::metrics::Metrics;
use protocol::pipeline::DeadLetter;
use serde::Serialize;
use serde_json::{Value, json};
pub use test_kit::aws::{Answer, Requests, config as aws, message_sent, requests};

/// A function's dead-letter queue.
pub fn dead_letters(config: &SdkConfig, function: &'static str) -> DeadLetters {
    DeadLetters::new(config, "https://sqs/dead".to_owned(), metrics(function))
}

/// A function's metrics.
pub fn metrics(function: &'static str) -> Metrics {
    Metrics::new("lambench/test".to_owned(), function)
}

/// SQS takes everything.
pub fn sqs(operation: &str, _: &Value) -> Answer {
    assert_eq!(operation, "SendMessage");
    message_sent()
}

/// An error as AWS's JSON protocols have it.
pub fn error(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "__type": format!("com.amazonaws#{code}"), "message": message }))
}

/// What was dead-lettered.
pub fn letters(asked: &Requests) -> Vec<DeadLetter> {
    let bodies = requests(asked, "SendMessage");
    bodies.iter().map(|body| serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap()).collect()
}

/// Where a response says that the batch has to come again from.
pub fn lowest_failed(response: &impl Serialize) -> Option<String> {
    let response = serde_json::to_value(response).unwrap();
    let failures = response["batchItemFailures"].as_array().unwrap();
    assert!(failures.len() <= 1, "{response}");
    Some(failures.first()?["itemIdentifier"].as_str().unwrap().to_owned())
}
