//! Messages on their way into the queue: as many at once as SQS takes.

use std::time::Instant;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, MessageAttributeValue, SendMessageBatchRequestEntry};
use futures::{StreamExt, stream};
use lambda_kit::{Backoff, Failure, env, now_us};

use crate::event::{Event, item_id};

/// Entries of a `SendMessageBatch` (Amazon SQS API Reference).
const MAX_ENTRIES: usize = 10;
/// Size of a message, and of all messages of a batch together, attributes included (Amazon SQS API Reference, since August
/// 2025; before, 256 KiB).
pub const MAX_BYTES: usize = 1024 * 1024;
/// The attributes of a message, with their types, without the run's name.
const ATTRIBUTES: usize = 64;
/// Batches under way at once.
const AT_ONCE: usize = 16;

/// An item whose message SQS wouldn't take.
#[derive(Debug, thiserror::Error)]
#[error("the message of item {item} would have {bytes} bytes, and SQS takes {MAX_BYTES}")]
pub struct TooLong {
    item: String,
    bytes: usize,
}

/// Items that are not in the queue.
#[derive(Debug, thiserror::Error)]
#[error("{items} items of run {run} could not be queued: {reason}")]
pub struct NotQueued {
    items: usize,
    run: String,
    reason: String,
}

/// The queue.
pub struct Queue {
    client: Client,
    url: String,
}

/// Items that SQS has taken.
#[derive(Debug, Default)]
pub struct Sent {
    /// Their ids.
    pub items: Vec<String>,
    /// When they were sent, µs since 1970.
    pub at_us: u64,
}

/// The items in batches that SQS takes.
///
/// # Errors
/// If the message of one would be longer than any may be.
pub fn batches(
    event: &Event<'_>,
    items: impl IntoIterator<Item = usize>,
) -> Result<Vec<Vec<usize>>, TooLong> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for index in items {
        let bytes = event.size_with_one(index) + event.run.len() + ATTRIBUTES;
        if bytes > MAX_BYTES {
            return Err(TooLong { item: item_id(index), bytes });
        }
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_ENTRIES && bytes <= room => batch.push(index),
            _ => {
                batches.push(vec![index]);
                room = MAX_BYTES;
            }
        }
        room -= bytes;
    }
    Ok(batches)
}

impl Queue {
    /// The queue that `QUEUE_URL` names.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        Ok(Self::new(config, env::setting("QUEUE_URL", "the URL of the function's own queue")?))
    }

    /// A queue by its URL.
    #[must_use]
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Sends a message for each item of the batches, several batches at once. What SQS doesn't take is sent again until
    /// `end`; `note` is told of what it has taken before that.
    ///
    /// # Errors
    /// If items are not in the queue, or could not be noted. All batches are tried, whatever becomes of the others.
    pub async fn send_all(
        &self,
        event: &Event<'_>,
        batches: Vec<Vec<usize>>,
        end: Instant,
        note: impl AsyncFn(Sent) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let note = &note;
        let sent = stream::iter(batches).map(|batch| self.send_batch(event, batch, end, note));
        sent.buffer_unordered(AT_ONCE).fold(Ok(()), async |all: Result<(), _>, one| all.and(one)).await
    }

    async fn send_batch(
        &self,
        event: &Event<'_>,
        mut items: Vec<usize>,
        end: Instant,
        note: &impl AsyncFn(Sent) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (mut backoff, mut refused) = (Backoff::default(), Vec::new());
        loop {
            let (sent, failed) = self.send(event, &items).await?;
            note(sent).await?;
            let (at_fault, later): (Vec<_>, Vec<_>) =
                failed.into_iter().partition(|entry| entry.sender_fault);
            refused.extend(at_fault);
            items.retain(|index| later.iter().any(|entry| entry.id == item_id(*index)));
            if items.is_empty() || Instant::now() >= end {
                refused.extend(later);
                return not_queued(event, &refused);
            }
            tracing::warn!(
                run = event.run,
                items = items.len(),
                reason = reason(&later),
                "the messages are sent again"
            );
            backoff.pause(end).await;
        }
    }

    /// Sends messages at once; returns the entries that SQS hasn't taken.
    async fn send(
        &self,
        event: &Event<'_>,
        items: &[usize],
    ) -> Result<(Sent, Vec<BatchResultErrorEntry>), Failure> {
        let at_us = now_us();
        let entries = items.iter().map(|index| entry(event, *index, at_us)).collect();
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| {
            let doing = format_args!("send {} messages to the queue {}", items.len(), self.url);
            Failure::aws(doing, &error)
        })?;
        let items = answer.successful.into_iter().map(|entry| entry.id).collect();
        Ok((Sent { items, at_us }, answer.failed))
    }
}

fn not_queued(event: &Event<'_>, failed: &[BatchResultErrorEntry]) -> Result<(), Failure> {
    if failed.is_empty() {
        return Ok(());
    }
    Err(NotQueued { items: failed.len(), run: event.run.clone(), reason: reason(failed) }.into())
}

/// What SQS says of the first.
fn reason(failed: &[BatchResultErrorEntry]) -> String {
    let entry = failed.first();
    entry.map_or(String::new(), |entry| {
        format!("{}: {}", entry.code, entry.message.as_deref().unwrap_or_default())
    })
}

fn entry(event: &Event<'_>, index: usize, at_us: u64) -> SendMessageBatchRequestEntry {
    let id = item_id(index);
    SendMessageBatchRequestEntry::builder()
        .message_attributes("Run", attribute("String", &event.run))
        .message_attributes("Item", attribute("String", &id))
        .message_attributes("SentAt", attribute("Number", &at_us.to_string()))
        .message_body(event.with_one(index))
        .id(id)
        .build()
        .expect("id and body are set")
}

fn attribute(kind: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(kind).string_value(value).build().expect("the type is set")
}
