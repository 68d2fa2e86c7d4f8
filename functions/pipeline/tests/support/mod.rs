//! What the tests share: AWS answered by the test itself, and events.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod events;
pub mod rows;

use protocol::pipeline::DeadLetter;
use serde::Serialize;
use serde_json::{Value, json};
pub use test_kit::aws::{Answer, Requests, config as aws, requests};

/// SQS takes everything.
pub fn sqs(operation: &str, _: &Value) -> Answer {
    assert_eq!(operation, "SendMessage");
    (200, json!({ "MessageId": "1", "MD5OfMessageBody": "" }))
}

/// An error as AWS's JSON protocols have it.
pub fn error(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "__type": format!("com.amazonaws#{code}"), "message": message }))
}

/// What was put aside.
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
