//! A run's messages in the dead-letter queues, and why they are there.

mod discarded_batch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use anyhow::Result;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as Name};
use protocol::pipeline::{DeadLetter, message_number};
use serde::Deserialize;

use super::Run;
use crate::scenario::shared::dead_letters;
use discarded_batch::BatchRange;

/// A batch that Lambda discarded so long before the run started is another run's, ms; clocks differ by less.
const BEFORE_MS: i64 = 300_000;

/// What was dead-lettered.
#[derive(Debug)]
pub struct DeadLetters {
    /// Messages.
    messages: dead_letters::DeadLetters,
    /// When each came to its queue first, ms since 1970, by the number of the message.
    came_ms: BTreeMap<u64, i64>,
    unreadable: Vec<String>,
}

impl Default for DeadLetters {
    fn default() -> Self {
        let messages = dead_letters::DeadLetters::new("unknown");
        Self { messages, came_ms: BTreeMap::new(), unreadable: Vec::new() }
    }
}

/// The body of a message: a record that a function has dead-lettered, or a batch that Lambda itself has discarded.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Body {
    Record(DeadLetter),
    Batch(DiscardedBatch),
}

/// What Lambda says of a batch beyond its retries (Lambda Developer Guide, "Retain discarded batch records").
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DiscardedBatch {
    request_context: RequestContext,
    #[serde(rename = "KinesisBatchInfo")]
    stream: Option<BatchRange>,
    #[serde(rename = "DDBStreamBatchInfo")]
    table: Option<BatchRange>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    function_arn: String,
    condition: String,
}

impl DiscardedBatch {
    fn reason(&self) -> String {
        let RequestContext { function_arn, condition } = &self.request_context;
        let function = function_arn.split(':').nth(6).unwrap_or(function_arn);
        format!("{function}: discarded by Lambda: {condition}")
    }
}

impl DeadLetters {
    /// Messages by their numbers, and when each came to its queue, ms since 1970.
    #[cfg(test)]
    pub fn of(run: &Run, letters: &[(u64, i64)]) -> Self {
        let mut all = Self::default();
        for (number, came_ms) in letters {
            let id = protocol::pipeline::message_id(&run.name, *number);
            all.add_ids(run, std::iter::once(id.as_str()), "too long", Some(*came_ms));
        }
        all
    }

    /// The reasons by the number of the message.
    pub fn by_number(&self, run: &str) -> BTreeMap<u64, String> {
        let reasons = self.messages.reasons().iter();
        reasons.filter_map(|(id, reason)| Some((message_number(run, id)?, reason.clone()))).collect()
    }

    /// When each came to its queue first, ms since 1970, as far as the queue says it.
    pub fn came_ms(&self) -> impl Iterator<Item = i64> {
        self.came_ms.values().copied()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.messages.count()
    }

    /// Discarded batches whose records cannot be read, in words.
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// Receives what has come into the queues since the last time.
    pub async fn collect(&mut self, run: &Run) -> Result<()> {
        let queues = &run.deployed.dead_letters;
        for url in [&queues.midstream, &queues.downstream] {
            for message in self.messages.receive(run.context(), url).await? {
                self.add(run, &message).await;
            }
        }
        Ok(())
    }

    async fn add(&mut self, run: &Run, message: &Message) {
        let came_ms = came_ms(message);
        match serde_json::from_str(message.body().unwrap_or_default()) {
            Ok(Body::Record(letter)) => {
                let reason = format!("{}: {}", letter.function, letter.reason);
                self.add_ids(run, letter.id.iter().map(String::as_str), &reason, came_ms);
            }
            Ok(Body::Batch(batch)) if is_of_this_run(run, came_ms) => {
                self.resolve(run, &batch, came_ms).await;
            }
            // Somebody else's.
            Ok(Body::Batch(_)) | Err(_) => {}
        }
    }

    async fn resolve(&mut self, run: &Run, discarded: &DiscardedBatch, came_ms: Option<i64>) {
        let ids = match (&discarded.stream, &discarded.table) {
            (Some(batch), _) => discarded_batch::ids_in_stream(run, batch).await,
            (None, Some(batch)) => discarded_batch::ids_in_table(run, batch).await,
            (None, None) => return,
        };
        let reason = discarded.reason();
        match ids {
            Ok(ids) => self.add_ids(run, ids.iter().map(String::as_str), &reason, came_ms),
            Err(error) => {
                let batch = discarded.stream.as_ref().or(discarded.table.as_ref());
                let size = batch.map_or(0, |batch| batch.records);
                self.unreadable.push(format!("{reason}, {size} records, which cannot be read: {error:#}"));
            }
        }
    }

    /// Adds those ids that are this run's.
    fn add_ids<'a>(
        &mut self,
        run: &Run,
        ids: impl Iterator<Item = &'a str>,
        reason: &str,
        came_ms: Option<i64>,
    ) {
        for (id, number) in ids.filter_map(|id| Some((id, message_number(&run.name, id)?))) {
            self.messages.add(id, Some(reason));
            if let Some(ms) = came_ms {
                let first = self.came_ms.entry(number).or_insert(ms);
                *first = ms.min(*first);
            }
        }
    }
}

/// When a message came to its queue, ms since 1970.
fn came_ms(message: &Message) -> Option<i64> {
    message.attributes()?.get(&Name::SentTimestamp)?.parse().ok()
}

fn is_of_this_run(run: &Run, came_ms: Option<i64>) -> bool {
    came_ms.is_none_or(|ms| ms >= run.started_at.as_millisecond() - BEFORE_MS)
}
