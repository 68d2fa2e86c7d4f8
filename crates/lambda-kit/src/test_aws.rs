//! AWS, answered by a test.
#![expect(clippy::missing_panics_doc, reason = "a test whose requests can't be read has failed")]

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::test_util::infallible_client_fn;
use serde_json::{Value, json};

/// An answer: HTTP's status, and a body.
pub type Answer = (u16, Value);

/// What was asked of AWS, in this order: the operation and the request's body.
pub type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A configuration for services whose protocol is JSON; `answer` gets the operation and the request's body.
pub fn config(answer: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> (SdkConfig, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let client = infallible_client_fn(move |request| {
        let target = request.headers()["x-amz-target"].to_str().expect("a name");
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().expect("no request is a stream");
        let body: Value = serde_json::from_slice(body).expect("JSON");
        log.lock().expect("no test panics with it").push((operation.clone(), body.clone()));
        let (status, answer) = answer(&operation, &body);
        http::Response::builder().status(status).body(answer.to_string()).expect("a status")
    });
    let credentials = Credentials::new("id", "key", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(client)
        .build();
    (config, asked)
}

/// An error as AWS's JSON protocols have it.
#[must_use]
pub fn error(code: &str, mut details: Value) -> Answer {
    details["__type"] = json!(format!("com.amazonaws#{code}"));
    (400, details)
}

/// The requests of an operation.
#[must_use]
pub fn requests(asked: &Asked, operation: &str) -> Vec<Value> {
    let asked = asked.lock().expect("no test panics with it");
    asked.iter().filter(|(name, _)| name == operation).map(|(_, body)| body.clone()).collect()
}
