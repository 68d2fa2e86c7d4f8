//! One item after the other, which a queue can't be told: its smallest concurrency is 2. So lambench does what an event source
//! mapping with a concurrency of 1 would do: it hands the function one message after the other, and waits for each.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Test;
use super::log::item_id;
use crate::progress::Progress;
use crate::scenario::shared::invoke::attempt;

/// What the function says of a batch: the messages that have to come again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    batch_item_failures: Vec<Value>,
}

/// Hands over all items of the event; returns those that failed each time, with the reason.
pub async fn hand_over(test: &Test, run: &str, receives: u32) -> Result<BTreeMap<String, String>> {
    let tags = test.event.tags().unwrap_or_default();
    let mut progress = Progress::new(test.progress, tags.len() as u64);
    let mut given_up = BTreeMap::new();
    for (index, tag) in tags.iter().enumerate() {
        let item = item_id(index);
        let batch = batch(test, run, &item, tag);
        if let Err(reason) = insist(test, &batch, receives).await? {
            given_up.insert(item, reason);
        }
        progress.set(index as u64 + 1, &format!("items one by one, {} given up", given_up.len()));
    }
    progress.end();
    Ok(given_up)
}

/// Hands over a message as often as the queue would.
async fn insist(test: &Test, batch: &Value, receives: u32) -> Result<Result<(), String>> {
    let splitter = &test.splitter;
    let mut reason = String::new();
    for _ in 0..receives {
        match attempt::<Answer>(&test.config, &splitter.deployment, &splitter.function, batch).await? {
            Ok(answer) if answer.batch_item_failures.is_empty() => return Ok(Ok(())),
            Ok(_) => FAILED.clone_into(&mut reason),
            Err(said) => reason = said,
        }
    }
    Ok(Err(reason))
}

/// The function says why in its log.
pub const FAILED: &str = "failed at each attempt: the function's log says why";

/// A message as SQS hands it to the function.
fn batch(test: &Test, run: &str, item: &str, tag: &Value) -> Value {
    let attribute = |value: &str| json!({ "stringValue": value, "dataType": "String" });
    json!({
        "Records": [{
            "messageId": format!("{run}-{item}"),
            "body": test.event.with_one(tag, run).to_string(),
            "attributes": {},
            "messageAttributes": { "Run": attribute(run), "Item": attribute(item) },
            "eventSource": "aws:sqs",
            "eventSourceARN": test.splitter.queue.arn,
            "awsRegion": test.splitter.deployment.region,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::testing::test;

    #[test]
    fn a_message_says_which_item_of_which_run_it_is() {
        let test = test();
        let tag = &test.event.tags().unwrap()[2];
        let batch = batch(&test, "run-1", "0002", tag);
        let record = &batch["Records"][0];
        assert_eq!(record["eventSource"], "aws:sqs");
        assert_eq!(record["messageAttributes"]["Item"]["stringValue"], "0002");
        let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["detail"]["run"], "run-1");
        assert_eq!(body["detail"]["requestParameters"]["tagSet"]["items"], json!([tag]));
    }
}
