use serde_json::json;

use super::*;
use crate::scenario::pipeline::testing::test;

fn message(id: &str, sent_ms: i64, body: &serde_json::Value) -> Message {
    Message::builder()
        .message_id(id)
        .attributes(Name::SentTimestamp, sent_ms.to_string())
        .body(body.to_string())
        .build()
}

fn letter(id: Option<&str>) -> serde_json::Value {
    json!({ "function": "midstream", "reason": "too long", "id": id, "sequence_number": "1", "record": "{}" })
}

/// What Lambda sends to the queue, as its documentation shows it.
fn given_up(kind: &str) -> serde_json::Value {
    json!({
        "requestContext": {
            "requestId": "c9b8fa9f-5a7f-xmpl-af9c-0c604cde93a5",
            "functionArn": "arn:aws:lambda:us-east-1:0:function:lambench-dev-pipeline-midstream",
            "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1,
        },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "version": "1.0", "timestamp": "2026-11-21T10:00:00.021Z",
        kind: {
            "shardId": "shardId-000000000001",
            "startSequenceNumber": "49601189658422359378836298521827638475320189012309704722",
            "endSequenceNumber": "49601189658422359378836298522902373528957594348623495186",
            "approximateArrivalOfFirstRecord": "2026-11-21T09:59:00Z",
            "approximateArrivalOfLastRecord": "2026-11-21T09:59:01Z",
            "batchSize": 500, "streamArn": "arn:aws:kinesis:us-east-1:0:stream/other",
        },
    })
}

#[tokio::test]
async fn only_this_runs_messages_count_and_each_once() {
    let test = test();
    let mut dead = DeadLetters::default();
    let id = |number: &str| format!("{}-{number}", test.name);
    for (index, id) in [Some(id("7")), Some(id("7")), Some(id("x")), Some("other-1".to_owned()), None]
        .into_iter()
        .enumerate()
    {
        dead.add(&test, &message(&index.to_string(), 0, &letter(id.as_deref()))).await;
    }
    assert_eq!(dead.by_number(), &BTreeMap::from([(7, "midstream: too long".to_owned())]));
}

#[tokio::test]
async fn batches_of_other_streams_and_of_earlier_runs_are_passed_over() {
    let test = test();
    let now = test.started_at.as_millisecond();
    let mut dead = DeadLetters::default();
    dead.add(&test, &message("a", now, &given_up("KinesisBatchInfo"))).await;
    dead.add(&test, &message("b", now, &given_up("DDBStreamBatchInfo"))).await;
    let mut ours = given_up("KinesisBatchInfo");
    ours["KinesisBatchInfo"]["streamArn"] = json!(test.pipeline.stream.arn);
    // Were it looked at, reading it would fail: nothing answers at the test's endpoint.
    dead.add(&test, &message("c", now - 2 * BEFORE_MS, &ours)).await;
    dead.add(&test, &message("d", now, &json!({ "hello": 1 }))).await;
    assert_eq!((dead.count(), dead.unread()), (0, &[][..]));
}

#[test]
fn a_batch_that_lambda_gave_up_is_told_with_its_function_and_condition() {
    let Body::GivenUp(given_up) = serde_json::from_value(given_up("KinesisBatchInfo")).unwrap() else {
        panic!("it is no function's letter");
    };
    assert_eq!(
        given_up.reason(),
        "lambench-dev-pipeline-midstream: given up by Lambda: RetryAttemptsExhausted"
    );
    assert_eq!(given_up.stream.unwrap().records, 500);
}

#[tokio::test]
async fn a_batch_whose_records_cannot_be_read_is_told() {
    let test = test();
    let mut batch = given_up("KinesisBatchInfo");
    batch["KinesisBatchInfo"]["streamArn"] = json!(test.pipeline.stream.arn);
    let mut dead = DeadLetters::default();
    dead.add(&test, &message("a", test.started_at.as_millisecond(), &batch)).await;
    let [said] = dead.unread() else { panic!("{:?}", dead.unread()) };
    assert!(said.contains("500 records, which can't be read: GetShardIterator failed"), "{said}");
}
