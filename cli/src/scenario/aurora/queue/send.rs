//! Sending messages, with the attributes that the public load test's trigger gives them, and ours.

use std::cell::Cell;
use std::collections::HashMap;

use anyhow::{Result, bail};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use futures::{StreamExt, TryStreamExt, stream};
use protocol::aurora::Action;

use crate::aws::failed;
use crate::scenario::aurora::options::QueuePlan;
use crate::scenario::aurora::{Queue, Test};

/// Messages that a request carries: SQS's limit.
const BATCH: usize = 10;
/// Requests under way at once.
const AT_ONCE: usize = 8;
/// Attempts at a message that SQS had no room for.
const ATTEMPTS: usize = 5;

/// Sends a run's messages, their actions mixed evenly; returns how many requests it took.
pub async fn send(test: &Test, plan: &QueuePlan, queue: &Queue, run: &str, sent: &Cell<u64>) -> Result<u64> {
    let client = Client::new(&test.config);
    let actions: Vec<Action> =
        (0..plan.messages).zip(test.plan.actions.iter().copied().cycle()).map(|(_, action)| action).collect();
    let requests = stream::iter(actions.chunks(BATCH)).map(|batch| {
        let messages = batch.iter().map(|action| attributes(test, plan, *action, run)).collect();
        send_batch(test, &client, queue, messages, sent)
    });
    let requests = requests.buffer_unordered(AT_ONCE);
    requests.try_fold(0, |sum, requests| async move { Ok(sum + requests) }).await
}

type Attributes = HashMap<String, MessageAttributeValue>;

fn attributes(test: &Test, plan: &QueuePlan, action: Action, run: &str) -> Attributes {
    let mut values = vec![
        ("Action", action.to_string()),
        ("DMLS", plan.statements.to_string()),
        ("HOST", test.aurora.host(test.plan.host(action)).to_owned()),
        ("DBNAME", test.aurora.cluster.database.clone()),
        ("RUN", run.to_owned()),
    ];
    let batch = test.plan.batch_of(action);
    if batch > 1 {
        values.push(("BATCH", batch.to_string()));
    }
    let attribute = |value: String| {
        let built = MessageAttributeValue::builder().data_type("String").string_value(value).build();
        built.expect("a data type is all that it needs")
    };
    values.into_iter().map(|(name, value)| (name.to_owned(), attribute(value))).collect()
}

/// Sends up to ten messages, and those again that SQS didn't take; returns how many requests it took.
async fn send_batch(
    test: &Test,
    client: &Client,
    queue: &Queue,
    mut messages: Vec<Attributes>,
    sent: &Cell<u64>,
) -> Result<u64> {
    let mut reason = String::new();
    for requests in 1..=ATTEMPTS {
        let answer = client
            .send_message_batch()
            .queue_url(&queue.url)
            .set_entries(Some(messages.iter().enumerate().map(entry).collect()))
            .send()
            .await
            .map_err(|error| failed("SendMessageBatch", &test.aurora.deployment)(&error))?;
        sent.set(sent.get() + answer.successful().len() as u64);
        let refused: Vec<usize> = answer.failed().iter().filter_map(|one| one.id().parse().ok()).collect();
        let Some(first) = answer.failed().first() else { return Ok(requests as u64) };
        reason = format!("{}: {}", first.code(), first.message().unwrap_or_default());
        let mut index = 0..;
        messages.retain(|_| index.next().is_some_and(|index| refused.contains(&index)));
    }
    bail!(
        "SQS refused {} messages {ATTEMPTS} times ({reason}): {} were sent, see {}",
        messages.len(),
        sent.get(),
        queue.url
    )
}

fn entry((index, attributes): (usize, &Attributes)) -> SendMessageBatchRequestEntry {
    let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body("load");
    entry.set_message_attributes(Some(attributes.clone())).build().expect("id and body are set")
}
