//! Messages on their way into the queue.

use std::time::Instant;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::{StreamExt, stream};
use lambda_kit::{Backoff, Failure, now_us};
use tokio::time::timeout_at;

use crate::message::attributes;

/// Entries of a `SendMessageBatch`. All together may have 1 MiB: ten of the longest keys, signed, have a tenth of that.
const MAX_ENTRIES: usize = 10;
/// Batches under way at once.
const AT_ONCE: usize = 32;

/// The queue.
pub struct Queue {
    client: Client,
    url: String,
}

/// Messages that SQS never takes.
#[derive(Debug, thiserror::Error)]
#[error("the queue {url} refuses {messages} messages: {reason}")]
pub struct Refused {
    url: String,
    messages: usize,
    reason: String,
}

impl Queue {
    /// A queue by its URL.
    #[must_use]
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Sends messages of a run; what SQS doesn't take is sent again until `end`. Returns how many are in the queue from the
    /// first on, without a gap; of those behind a gap some may be there, too.
    ///
    /// # Errors
    /// If SQS refuses messages.
    pub async fn send(&self, run: &str, bodies: &[String], end: Instant) -> Result<usize, Failure> {
        let batches = stream::iter(bodies.chunks(MAX_ENTRIES)).map(|batch| self.send_batch(run, batch, end));
        let unsent: Vec<_> = batches.buffered(AT_ONCE).collect().await;
        for (number, unsent) in unsent.into_iter().enumerate() {
            if let Some(first) = unsent? {
                return Ok(number * MAX_ENTRIES + first);
            }
        }
        Ok(bodies.len())
    }

    /// Returns the first that isn't sent.
    async fn send_batch(&self, run: &str, bodies: &[String], end: Instant) -> Result<Option<usize>, Failure> {
        let (mut backoff, mut left) = (Backoff::default(), (0..bodies.len()).collect::<Vec<_>>());
        while !left.is_empty() && Instant::now() < end {
            let Ok(unsent) = timeout_at(end.into(), self.try_batch(run, bodies, &left)).await else {
                break;
            };
            left = unsent?;
            if !left.is_empty() {
                backoff.pause(end).await;
            }
        }
        Ok(left.first().copied())
    }

    /// Sends messages at once; returns those that SQS hasn't taken.
    async fn try_batch(&self, run: &str, bodies: &[String], which: &[usize]) -> Result<Vec<usize>, Failure> {
        let attributes = attributes(run, now_us());
        let entries = which.iter().map(|index| {
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(&bodies[*index])
                .set_message_attributes(Some(attributes.clone()))
                .build()
                .expect("id and body are set")
        });
        let request = self.client.send_message_batch().queue_url(&self.url);
        let answer = request.set_entries(Some(entries.collect())).send().await.map_err(|error| {
            let doing = format_args!("send {} messages to the queue {}", which.len(), self.url);
            Failure::aws(doing, &error)
        })?;
        let at_fault: Vec<_> = answer.failed.iter().filter(|entry| entry.sender_fault).collect();
        if let Some(first) = at_fault.first() {
            let reason = format!("{}: {}", first.code, first.message.as_deref().unwrap_or_default());
            return Err(Refused { url: self.url.clone(), messages: at_fault.len(), reason }.into());
        }
        let mut unsent: Vec<usize> = answer.failed.iter().filter_map(|entry| entry.id.parse().ok()).collect();
        unsent.sort_unstable();
        Ok(unsent)
    }
}
