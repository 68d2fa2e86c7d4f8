//! One item after the other, which a queue cannot be told: its smallest concurrency is 2. So lambench does what an event source
//! mapping with a concurrency of 1 would do: it hands the function one message after the other, and waits for each.

use anyhow::Result;
use protocol::message_attributes::RUN;
use protocol::splitter::{ITEM_ATTRIBUTE, item_id};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DeadLetters, Handled, RunLog, Split};
use crate::progress::Progress;
use crate::scenario::shared::invoke::attempt;

/// What the function says of a batch: the messages that have to come again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    batch_item_failures: Vec<Value>,
}

/// Hands over all items of the event, each as often as the queue would until it is done; or those until the user presses Ctrl-C.
pub async fn handle_all(split: Split<'_>, receives: u32) -> Result<Handled> {
    let tags = split.event.tags().unwrap_or_default();
    let mut progress = Progress::new(split.run.progress, tags.len() as u64);
    let (mut dead_letters, mut is_stopped) = (DeadLetters::default(), false);
    for (index, tag) in tags.iter().enumerate() {
        if split.run.stop.is_requested() {
            is_stopped = true;
            break;
        }
        let item = item_id(index);
        let batch = batch(split, &item, tag);
        if let Err(reason) = attempt_until_done(split, &batch, receives).await? {
            dead_letters.items.add(item, reason.as_deref());
        }
        let message = format!("items one after the other, {} given up", dead_letters.items.count());
        progress.set(index as u64 + 1, &message);
    }
    progress.end();
    Ok(Handled { log: RunLog::read(split.run, split.name).await?, dead_letters, is_stopped })
}

/// Hands over a message; where that fails each time, with the last reason that the function gave.
async fn attempt_until_done(
    split: Split<'_>,
    batch: &Value,
    receives: u32,
) -> Result<Result<(), Option<String>>> {
    let run = split.run;
    let mut reason = None;
    for _ in 0..receives {
        match attempt::<Answer>(&run.config, run.deployment(), &run.deployed.functions.worker, batch).await? {
            Ok(answer) if answer.batch_item_failures.is_empty() => return Ok(Ok(())),
            Ok(_) => reason = None,
            Err(error) => reason = Some(error),
        }
    }
    Ok(Err(reason))
}

/// A message as SQS hands it to the function.
fn batch(Split { run, event, name, .. }: Split<'_>, item: &str, tag: &Value) -> Value {
    let attribute = |value: &str| json!({ "stringValue": value, "dataType": "String" });
    json!({
        "Records": [{
            "messageId": format!("{name}-{item}"),
            "body": event.with_one(tag, name).to_string(),
            "attributes": {},
            "messageAttributes": { RUN: attribute(name), ITEM_ATTRIBUTE: attribute(item) },
            "eventSource": "aws:sqs",
            "eventSourceARN": run.deployed.queue.arn,
            "awsRegion": run.deployment().region,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::Run;
    use crate::scenario::splitter::testing::{event, run};

    #[test]
    fn a_message_says_which_item_of_which_run_it_is() {
        let (run, event) = (run(), event());
        let tag = &event.tags().unwrap()[2];
        let batch = batch(Split { run: &run, event: &event, name: "run-1", concurrency: 1 }, "0002", tag);
        let record = &batch["Records"][0];
        assert_eq!(record["eventSource"], "aws:sqs");
        assert_eq!(record["messageAttributes"]["Item"]["stringValue"], "0002");
        let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["detail"]["run"], "run-1");
        assert_eq!(body["detail"]["requestParameters"]["tagSet"]["items"], json!([tag]));
    }

    #[tokio::test]
    async fn a_run_that_is_stopped_hands_over_no_further_item() {
        let (config, requests) = test_kit::aws::config(|operation, _| match operation {
            "Query" => (200, json!({ "Items": [], "Count": 0 })),
            _ => panic!("{operation}: nothing is to be started"),
        });
        let run = Run { config, ..run() };
        run.stop.request();
        let event = event();
        let handled =
            handle_all(Split { run: &run, event: &event, name: "r", concurrency: 1 }, 4).await.unwrap();
        assert!(handled.is_stopped);
        assert!(!requests.lock().unwrap().is_empty(), "what is done is looked up all the same");
    }
}
