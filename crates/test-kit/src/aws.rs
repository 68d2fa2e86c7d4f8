//! AWS, answered by a test.
#![expect(clippy::missing_panics_doc, reason = "a test whose requests cannot be read has failed")]

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::test_util::infallible_client_fn;
use serde_json::{Value, json};

/// An answer: HTTP's status, and a body.
pub type Answer = (u16, Value);

/// The requests that AWS got, in their order: the operation and the body.
pub type Requests = Arc<Mutex<Vec<(String, Value)>>>;

/// A configuration for services whose protocol is JSON; `answer` gets the operation and the request's body. Of a service whose
/// operations are methods and paths, such as Lambda, these are the operation's name: `GET /2015-03-31/functions/f/configuration`.
/// Of S3, which speaks XML, the body is a text, and only an answer without content is understood.
pub fn config(answer: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> (SdkConfig, Requests) {
    let requests = Requests::default();
    let log = Arc::clone(&requests);
    let client = infallible_client_fn(move |request| {
        let target = request.headers().get("x-amz-target").map(|target| target.to_str().expect("a name"));
        let path = || format!("{} {}", request.method(), request.uri().path());
        let operation =
            target.map_or_else(path, |target| target.rsplit('.').next().unwrap_or_default().to_owned());
        let body = request.body().bytes().expect("no request is a stream");
        let text = || Value::String(String::from_utf8_lossy(body).into_owned());
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body).unwrap_or_else(|_| text())
        };
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
    (config, requests)
}

/// As [`config`], of services that hold a state, which `answer` gets too, and the test can look into and break.
pub fn stateful<State: Default + Send + 'static>(
    answer: impl Fn(&mut State, &str, &Value) -> Answer + Send + Sync + 'static,
) -> (SdkConfig, Arc<Mutex<State>>) {
    let state = Arc::<Mutex<State>>::default();
    let answering = Arc::clone(&state);
    let (config, _) = config(move |operation, request| {
        answer(&mut answering.lock().expect("no test panics with it"), operation, request)
    });
    (config, state)
}

/// What SQS answers to a message that it takes.
#[must_use]
pub fn message_sent() -> Answer {
    (200, json!({ "MessageId": "m", "MD5OfMessageBody": "" }))
}

/// An error as AWS's JSON protocols have it.
#[must_use]
pub fn error(code: &str, mut details: Value) -> Answer {
    details["__type"] = json!(format!("com.amazonaws#{code}"));
    (400, details)
}

/// The bodies of an operation's requests.
#[must_use]
pub fn requests(log: &Requests, operation: &str) -> Vec<Value> {
    let log = log.lock().expect("no test panics with it");
    log.iter().filter(|(name, _)| name == operation).map(|(_, body)| body.clone()).collect()
}
