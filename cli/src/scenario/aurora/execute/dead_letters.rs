//! A run's messages in the dead-letter queue, and why they are there.

use std::collections::BTreeMap;

use anyhow::Result;
use aws_sdk_sqs::types::Message;
use protocol::aurora::message::RUN;
use protocol::deployment::Queue;
use protocol::message_attributes::{MESSAGE_ID, REASON};

use crate::scenario::aurora::Run;
use crate::scenario::shared::dead_letters;
use crate::scenario::shared::queue::attribute;

/// A message that SQS itself has put here: no worker lived long enough to give a reason.
const NO_WORKER: &str = "received too often without an answer: its workers timed out or were killed";

/// Reasons by the id that the message had in the queue.
#[derive(Debug, Clone)]
pub struct DeadLetters(dead_letters::DeadLetters);

impl Default for DeadLetters {
    fn default() -> Self {
        Self(dead_letters::DeadLetters::new(NO_WORKER))
    }
}

impl DeadLetters {
    /// Adds a run's messages that weren't in the dead-letter queue before.
    pub async fn collect(&mut self, run: &Run, queue: &Queue, name: &str) -> Result<()> {
        let messages = self.0.receive(run.context(), &queue.dead_letter_url).await?;
        messages.iter().filter(|message| attribute(message, RUN) == Some(name)).for_each(|one| self.add(one));
        Ok(())
    }

    pub(in crate::scenario::aurora) fn add(&mut self, message: &Message) {
        let id = attribute(message, MESSAGE_ID).or(message.message_id()).unwrap_or_default();
        self.0.add(id, attribute(message, REASON));
    }

    /// The messages' ids.
    pub fn ids(&self) -> Vec<String> {
        self.0.reasons().keys().cloned().collect()
    }

    /// How many there are, apart from those that are done: SQS puts a message here, too, whose workers did it, but were
    /// ended each time before they could say so.
    pub fn count(&self, done: &[String]) -> u64 {
        self.undone(done).count() as u64
    }

    /// How many for each reason, apart from those that are done.
    pub fn reasons(&self, done: &[String]) -> BTreeMap<String, u64> {
        let mut reasons = BTreeMap::new();
        for reason in self.undone(done) {
            *reasons.entry(reason.clone()).or_default() += 1;
        }
        reasons
    }

    fn undone(&self, done: &[String]) -> impl Iterator<Item = &String> {
        self.0.reasons().iter().filter(|(id, _)| !done.contains(id)).map(|(_, reason)| reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::message;

    #[test]
    fn a_message_that_was_put_aside_twice_counts_once() {
        let mut dead_letters = DeadLetters::default();
        for id in ["copy-1", "copy-2"] {
            dead_letters.add(&message(id, "", &[(MESSAGE_ID, "original"), (REASON, "DMLS is 0")]));
        }
        assert_eq!(dead_letters.count(&[]), 1);
        assert_eq!(dead_letters.reasons(&[]), BTreeMap::from([("DMLS is 0".to_owned(), 1)]));
    }

    #[test]
    fn a_message_without_a_reason_says_that_no_worker_could_give_one() {
        let mut dead_letters = DeadLetters::default();
        dead_letters.add(&message("original", "", &[(RUN, "r")]));
        assert_eq!(dead_letters.reasons(&[]), BTreeMap::from([(NO_WORKER.to_owned(), 1)]));
        // The worker had put it aside as well, before it was killed.
        dead_letters.add(&message("copy", "", &[(MESSAGE_ID, "original"), (REASON, "57014")]));
        assert_eq!(dead_letters.reasons(&[]), BTreeMap::from([("57014".to_owned(), 1)]));
        dead_letters.add(&message("original", "", &[(RUN, "r")]));
        assert_eq!(dead_letters.reasons(&[]), BTreeMap::from([("57014".to_owned(), 1)]), "a reason is kept");
    }

    #[test]
    fn a_message_that_is_done_all_the_same_is_not_counted_as_dead() {
        let mut dead_letters = DeadLetters::default();
        dead_letters.add(&message("done", "", &[(RUN, "r")]));
        dead_letters.add(&message("undone", "", &[(REASON, "57014")]));
        let done = ["done".to_owned()];
        assert_eq!(dead_letters.ids(), ["done", "undone"]);
        let reasons = BTreeMap::from([("57014".to_owned(), 1)]);
        assert_eq!((dead_letters.count(&done), dead_letters.reasons(&done)), (1, reasons));
    }
}
