//! What a run's dead letters say. Nothing is taken out of a dead-letter queue: they are the user's.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as SystemName};

use super::queue::BATCH;
use super::run_context::RunContext;
use crate::aws::failed;

/// How long a message that has been received is hidden, so that the next request finds others, seconds.
const HIDDEN_SECONDS: i32 = 30;

/// Reasons by the id of what was given up, so that each counts once however often it is in the queue.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    reasons: BTreeMap<String, String>,
    received: HashSet<String>,
    unexplained: &'static str,
}

impl DeadLetters {
    /// None yet; `unexplained` is the reason of messages without one: SQS itself has moved them.
    pub fn new(unexplained: &'static str) -> Self {
        Self { reasons: BTreeMap::new(), received: HashSet::new(), unexplained }
    }

    /// Receives the messages of a dead-letter queue that it hasn't received before, of whatever run.
    ///
    /// # Errors
    /// If there is no such queue.
    pub async fn receive(&mut self, context: RunContext<'_>, url: &str) -> Result<Vec<Message>> {
        let client = Client::new(context.config);
        let mut all = Vec::new();
        loop {
            let answer = client
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(BATCH)
                .message_attribute_names("All")
                .message_system_attribute_names(SystemName::SentTimestamp)
                .visibility_timeout(HIDDEN_SECONDS)
                // Without any wait, SQS asks only some of its servers.
                .wait_time_seconds(1)
                .send()
                .await
                .map_err(|error| failed("ReceiveMessage", context.deployment)(&error))?;
            let before = all.len();
            let messages = answer.messages.unwrap_or_default().into_iter();
            all.extend(messages.filter(|message| match message.message_id() {
                Some(id) => self.received.insert(id.to_owned()),
                None => true,
            }));
            if all.len() == before {
                return Ok(all);
            }
        }
    }

    /// Adds what was given up; a reason is kept where a later message has none.
    pub fn add(&mut self, id: impl Into<String>, reason: Option<&str>) {
        let known = self.reasons.entry(id.into()).or_insert_with(|| self.unexplained.to_owned());
        if let Some(reason) = reason {
            reason.clone_into(known);
        }
    }

    /// Reasons by id.
    pub fn reasons(&self) -> &BTreeMap<String, String> {
        &self.reasons
    }

    /// How many were given up.
    pub fn count(&self) -> u64 {
        self.reasons.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counts_once_and_a_reason_is_better_than_none() {
        let mut dead_letters = DeadLetters::new("unanswered");
        for (id, reason) in [("1", None), ("1", Some("too long")), ("1", None), ("2", None)] {
            dead_letters.add(id, reason);
        }
        assert_eq!(dead_letters.reasons().values().collect::<Vec<_>>(), ["too long", "unanswered"]);
        assert_eq!(dead_letters.count(), 2);
    }
}
