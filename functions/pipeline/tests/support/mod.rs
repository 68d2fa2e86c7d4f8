//! What the tests share: AWS answered by the test itself, and events.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod events;
pub mod rows;

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::test_util::infallible_client_fn;
use results::pipeline::DeadLetter;
use serde_json::{Value, json};

/// An answer: HTTP's status and a body.
pub type Answer = (u16, Value);

/// What was asked of AWS: the operation and the request's body.
pub type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A configuration whose requests a test answers.
pub fn aws(answer: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> (SdkConfig, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let client = infallible_client_fn(move |request| {
        let target = request.headers()["x-amz-target"].to_str().unwrap();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, answer) = answer(&operation, &body);
        log.lock().unwrap().push((operation, body));
        http::Response::builder().status(status).body(answer.to_string()).unwrap()
    });
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test")))
        .http_client(client)
        .build();
    (config, asked)
}

/// SQS takes everything.
pub fn sqs(operation: &str, _: &Value) -> Answer {
    assert_eq!(operation, "SendMessage");
    (200, json!({ "MessageId": "1", "MD5OfMessageBody": "" }))
}

/// An error as AWS's JSON protocols have it.
pub fn error(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "__type": format!("com.amazonaws#{code}"), "message": message }))
}

/// The requests of an operation.
pub fn requests(asked: &Asked, operation: &str) -> Vec<Value> {
    let asked = asked.lock().unwrap();
    asked.iter().filter(|(name, _)| name == operation).map(|(_, body)| body.clone()).collect()
}

/// What was put aside.
pub fn letters(asked: &Asked) -> Vec<DeadLetter> {
    let bodies = requests(asked, "SendMessage");
    bodies.iter().map(|body| serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap()).collect()
}

/// Where a response says that the batch has to come again from.
pub fn lowest_failed(response: &lambda_kit::streams::BatchResponse) -> Option<String> {
    let response = serde_json::to_value(response).unwrap();
    let failures = response["batchItemFailures"].as_array().unwrap();
    assert!(failures.len() <= 1, "{response}");
    Some(failures.first()?["itemIdentifier"].as_str().unwrap().to_owned())
}
