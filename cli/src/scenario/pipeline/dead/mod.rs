//! A run's messages in the dead-letter queues, and why they are there. Nothing is taken out: they are the user's.

mod records;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as Name};
use protocol::pipeline::DeadLetter;
use serde::Deserialize;

use super::Test;
use crate::scenario::shared::queue::fresh;
use records::Batch;

/// A batch that was given up so long before the run began is another run's, ms; clocks may differ by less.
const BEFORE_MS: i64 = 300_000;

/// Reasons by the number of the message.
#[derive(Debug, Default)]
pub struct DeadLetters {
    by_number: BTreeMap<u64, String>,
    seen: HashSet<String>,
    unread: Vec<String>,
}

/// The body of a message: a record that a function has put aside, or a batch that Lambda itself has given up.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Body {
    Letter(DeadLetter),
    GivenUp(GivenUp),
}

/// What Lambda says of a batch beyond its retries (Lambda Developer Guide, "Retain discarded batch records").
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp {
    request_context: RequestContext,
    #[serde(rename = "KinesisBatchInfo")]
    stream: Option<Batch>,
    #[serde(rename = "DDBStreamBatchInfo")]
    table: Option<Batch>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    function_arn: String,
    condition: String,
}

impl GivenUp {
    fn reason(&self) -> String {
        let RequestContext { function_arn, condition } = &self.request_context;
        let function = function_arn.split(':').nth(6).unwrap_or(function_arn);
        format!("{function}: given up by Lambda: {condition}")
    }
}

impl DeadLetters {
    /// The messages' numbers and reasons.
    pub fn by_number(&self) -> &BTreeMap<u64, String> {
        &self.by_number
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.by_number.len() as u64
    }

    /// Batches whose records couldn't be read, in words.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Looks at what has come into the queues since the last look.
    pub async fn collect(&mut self, test: &Test) -> Result<()> {
        let queues = &test.pipeline.dead_letters;
        let [midstream, downstream] =
            [&queues.midstream, &queues.downstream].map(|queue| fresh(test.context(), queue, &self.seen));
        let (midstream, downstream) = tokio::try_join!(midstream, downstream)?;
        for message in midstream.into_iter().chain(downstream) {
            self.seen.insert(message.message_id().unwrap_or_default().to_owned());
            self.add(test, &message).await;
        }
        Ok(())
    }

    async fn add(&mut self, test: &Test, message: &Message) {
        match serde_json::from_str(message.body().unwrap_or_default()) {
            Ok(Body::Letter(letter)) => {
                let reason = format!("{}: {}", letter.function, letter.reason);
                self.note(test, letter.id.iter().map(String::as_str), &reason);
            }
            Ok(Body::GivenUp(given_up)) if is_of_this_run(test, message) => {
                self.resolve(test, &given_up).await;
            }
            // Somebody else's.
            Ok(Body::GivenUp(_)) | Err(_) => {}
        }
    }

    async fn resolve(&mut self, test: &Test, given_up: &GivenUp) {
        let ids = match (&given_up.stream, &given_up.table) {
            (Some(batch), _) => records::in_stream(test, batch).await,
            (None, Some(batch)) => records::in_table(test, batch).await,
            (None, None) => return,
        };
        let reason = given_up.reason();
        match ids {
            Ok(ids) => self.note(test, ids.iter().map(String::as_str), &reason),
            Err(error) => {
                let batch = given_up.stream.as_ref().or(given_up.table.as_ref());
                let size = batch.map_or(0, |batch| batch.records);
                self.unread.push(format!("{reason}, {size} records, which can't be read: {error:#}"));
            }
        }
    }

    /// Notes those ids that are this run's.
    fn note<'a>(&mut self, test: &Test, ids: impl Iterator<Item = &'a str>, reason: &str) {
        for number in ids.filter_map(|id| test.number(id)) {
            self.by_number.entry(number).or_insert_with(|| reason.to_owned());
        }
    }
}

fn is_of_this_run(test: &Test, message: &Message) -> bool {
    let sent = message.attributes().and_then(|all| all.get(&Name::SentTimestamp)?.parse::<i64>().ok());
    sent.is_none_or(|ms| ms >= test.started_at.as_millisecond() - BEFORE_MS)
}
