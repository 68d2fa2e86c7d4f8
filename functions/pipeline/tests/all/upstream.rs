//! What a sender gets, and what goes into the stream.

use std::time::Duration;

use crate::support::{Answer, Requests, aws, error, events, requests};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipeline::upstream::{Request, Response, Upstream};
use serde_json::{Value, json};

fn kinesis(_: &str, _: &Value) -> Answer {
    (200, json!({ "SequenceNumber": "49", "ShardId": "shardId-000000000000" }))
}

fn upstream(answer: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> (Upstream, Requests) {
    let (config, asked) = aws(answer);
    (Upstream::new(&config, "messages".to_owned()), asked)
}

async fn send(upstream: &Upstream, body: &str) -> Response {
    let request = Request { body: Some(body.to_owned()), is_base64_encoded: false };
    upstream.handle(&request, "request", Duration::from_secs(10)).await
}

fn status_and_message(response: &Response) -> (u16, String) {
    let body: Value = serde_json::from_str(&response.body).unwrap();
    (response.status_code, body["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_message_is_put_into_the_stream_with_its_arrival() {
    let (upstream, asked) = upstream(kinesis);
    for fixture in ["request", "request-base64"] {
        let response = upstream.handle(&events::fixture(fixture), "request", Duration::from_secs(10)).await;
        assert_eq!((response.status_code, response.body.as_str()), (200, r#"{"message":"success"}"#));
        assert_eq!(response.headers["x-lambda-request-id"], "request");
        let put = requests(&asked, "PutRecord").pop().unwrap();
        assert_eq!((&put["StreamName"], &put["PartitionKey"]), (&json!("messages"), &json!("1")));
        let data = STANDARD.decode(put["Data"].as_str().unwrap()).unwrap();
        let record: Value = serde_json::from_slice(&data).unwrap();
        let arrived_us: u64 = response.headers["x-arrived-us"].parse().unwrap();
        assert_eq!(
            record,
            json!({ "id": "1", "message": "Hello World", "timestamp": 1_717_178_874.0, "arrived_us": arrived_us })
        );
    }
}

#[tokio::test]
async fn only_the_first_response_of_a_process_says_that_it_was_cold() {
    let (upstream, _) = upstream(kinesis);
    let first = send(&upstream, "no JSON").await;
    let second = send(&upstream, r#"{"id":"1","message":"a","timestamp":1}"#).await;
    assert_eq!(
        (&first.headers["content-type"], &first.headers["x-cold-start"]),
        (&"application/json".into(), &"1".into())
    );
    assert!(!second.headers.contains_key("x-cold-start"));
}

#[tokio::test]
async fn what_is_no_message_is_refused_with_the_reason_and_goes_nowhere() {
    let (upstream, asked) = upstream(kinesis);
    let response = send(&upstream, r#"{"id":"1","message":"a","timestamp":"1"}"#).await;
    assert_eq!(response.body, r#"{"message":"field 'timestamp' must be a number, but is a string"}"#);
    assert_eq!(response.status_code, 400);
    let none = upstream.handle(&Request::default(), "request", Duration::from_secs(10)).await;
    assert!(none.body.contains("the body is not JSON: EOF"), "{}", none.body);
    let request = Request { body: Some("?".to_owned()), is_base64_encoded: true };
    let response = upstream.handle(&request, "request", Duration::from_secs(10)).await;
    assert_eq!(response.status_code, 400);
    assert!(requests(&asked, "PutRecord").is_empty());
}

#[tokio::test]
async fn a_bad_body_is_refused_with_the_field_or_the_place_that_is_wrong() {
    let (upstream, asked) = upstream(kinesis);
    let long = format!(r#"{{"id":"1","message":"{}","timestamp":1}}"#, "x".repeat(300_000));
    for (body, status, says) in [
        (long.as_str(), 413, "bytes, but must have 262144 at most"),
        (r#"{"id":"1","message":"a","timestamp":1e400}"#, 400, "number out of range at line 1 column "),
        (r#"{"id":"1","id":"2","message":"a","timestamp":1}"#, 400, "field 'id' appears twice"),
        (
            r#"{"id":{"id":"1"},"message":"a","timestamp":1}"#,
            400,
            "field 'id' must be a string, but is an object",
        ),
        (
            r#"{"id":"1","message":"\u0000","timestamp":1}"#,
            400,
            "field 'message' must not have the character U+0000",
        ),
        ("{\"id\":\"\0\",\"message\":\"a\",\"timestamp\":1}", 400, "parsing a string at line 1 column "),
        (
            "\u{feff}{\"id\":\"1\",\"message\":\"a\",\"timestamp\":1}",
            400,
            "the body is not JSON: expected value at line 1 column 1",
        ),
        ("", 400, "the body is not JSON: EOF while parsing a value at line 1 column 0"),
    ] {
        let (answered, message) = status_and_message(&send(&upstream, body).await);
        assert!(answered == status && message.contains(says), "{says}: {answered}, {message}");
    }
    assert!(requests(&asked, "PutRecord").is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_utf8_is_refused_wherever_that_is() {
    let (upstream, asked) = upstream(kinesis);
    for (body, byte) in [
        (&b"{\"id\":\"1\",\"message\":\"caf\xe9\",\"timestamp\":1}"[..], 24),
        (b"{\"id\":\"1\",\"message\":\"a\",\"timestamp\":1,\"other\":\"caf\xe9\"}", 50),
        (b"\xff\xfe{\0}\0", 0),
    ] {
        let request = Request { body: Some(STANDARD.encode(body)), is_base64_encoded: true };
        let response = upstream.handle(&request, "request", Duration::from_secs(10)).await;
        let message = format!("the body isn't UTF-8, from byte {byte} on");
        assert_eq!(status_and_message(&response), (400, message));
    }
    assert!(requests(&asked, "PutRecord").is_empty());
}

#[tokio::test]
async fn a_body_that_no_item_holds_is_refused() {
    let (upstream, asked) = upstream(kinesis);
    let body = |bytes: usize| {
        let rest = r#"{"id":"1","message":"","timestamp":1}"#.len();
        format!(r#"{{"id":"1","message":"{}","timestamp":1}}"#, "x".repeat(bytes - rest))
    };
    assert_eq!(send(&upstream, &body(262_144)).await.status_code, 200);
    assert_eq!(
        status_and_message(&send(&upstream, &body(262_145)).await),
        (413, "the body has 262145 bytes, but must have 262144 at most".to_owned())
    );
    assert_eq!(requests(&asked, "PutRecord").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_stream_is_asked_again_and_then_the_sender_told_to_wait() {
    let throttled = |_: &str, _: &Value| {
        error(
            400,
            "ProvisionedThroughputExceededException",
            "Rate exceeded for shard shardId-000000000000 in stream x",
        )
    };
    let (upstream, asked) = upstream(throttled);
    let response = send(&upstream, r#"{"id":"1","message":"a","timestamp":1}"#).await;
    let message = "throttled: the stream accepts no more at the moment: send the message again later";
    assert_eq!(status_and_message(&response), (503, message.to_owned()));
    assert_eq!(requests(&asked, "PutRecord").len(), 7);
}

#[tokio::test]
async fn an_inner_fault_is_no_secret_spread() {
    let denied = |_: &str, _: &Value| {
        error(400, "AccessDeniedException", "User: arn:aws:sts::123456789012:x is not authorized")
    };
    let (upstream, _) = upstream(denied);
    let (status, message) =
        status_and_message(&send(&upstream, r#"{"id":"1","message":"a","timestamp":1}"#).await);
    assert_eq!(status, 500);
    assert!(message.starts_with("the stream cannot be reached") && !message.contains("arn"), "{message}");
}
