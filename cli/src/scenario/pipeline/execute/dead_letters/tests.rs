use serde_json::json;

use super::*;
use crate::scenario::pipeline::testing::run;

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
fn discarded(kind: &str) -> serde_json::Value {
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
    let run = run();
    let mut dead_letters = DeadLetters::default();
    let id = |number: &str| format!("{}-{number}", run.name);
    for (index, id) in [Some(id("7")), Some(id("7")), Some(id("x")), Some("other-1".to_owned()), None]
        .into_iter()
        .enumerate()
    {
        let came_ms = if index == 0 { 9000 } else { 5000 };
        dead_letters.add(&run, &message(&index.to_string(), came_ms, &letter(id.as_deref()))).await;
    }
    assert_eq!(dead_letters.by_number(&run.name), BTreeMap::from([(7, "midstream: too long".to_owned())]));
    assert_eq!(dead_letters.came_ms().collect::<Vec<_>>(), [5000], "when it came first");
}

#[tokio::test]
async fn batches_of_other_streams_and_of_earlier_runs_are_passed_over() {
    let run = run();
    let now = run.started_at.as_millisecond();
    let mut dead_letters = DeadLetters::default();
    dead_letters.add(&run, &message("a", now, &discarded("KinesisBatchInfo"))).await;
    dead_letters.add(&run, &message("b", now, &discarded("DDBStreamBatchInfo"))).await;
    let mut ours = discarded("KinesisBatchInfo");
    ours["KinesisBatchInfo"]["streamArn"] = json!(run.deployed.stream.arn);
    // Were it looked at, reading it would fail: nothing answers at the test's endpoint.
    dead_letters.add(&run, &message("c", now - 2 * BEFORE_MS, &ours)).await;
    dead_letters.add(&run, &message("d", now, &json!({ "hello": 1 }))).await;
    assert_eq!((dead_letters.count(), dead_letters.unreadable()), (0, &[][..]));
}

#[test]
fn a_batch_that_lambda_discarded_is_told_with_its_function_and_condition() {
    let Body::Batch(batch) = serde_json::from_value(discarded("KinesisBatchInfo")).unwrap() else {
        panic!("it is no function's letter");
    };
    assert_eq!(
        batch.reason(),
        "lambench-dev-pipeline-midstream: discarded by Lambda: RetryAttemptsExhausted"
    );
    assert_eq!(batch.stream.unwrap().records, 500);
}

#[tokio::test]
async fn a_batch_whose_records_cannot_be_read_is_told() {
    let run = run();
    let mut batch = discarded("KinesisBatchInfo");
    batch["KinesisBatchInfo"]["streamArn"] = json!(run.deployed.stream.arn);
    let mut dead_letters = DeadLetters::default();
    dead_letters.add(&run, &message("a", run.started_at.as_millisecond(), &batch)).await;
    let [said] = dead_letters.unreadable() else { panic!("{:?}", dead_letters.unreadable()) };
    assert!(said.contains("500 records, which cannot be read: GetShardIterator failed"), "{said}");
}
