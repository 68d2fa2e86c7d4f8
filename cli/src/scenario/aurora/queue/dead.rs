//! A run's messages in the dead-letter queue, and why they are there.

use std::collections::BTreeMap;

use anyhow::Result;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message};

use crate::aws::failed;
use crate::scenario::aurora::{Queue, Test};
use crate::scenario::shared::queue::{BATCH, attribute};

/// While this run's messages are picked out, the others are hidden for so long at most, seconds.
const HIDDEN_SECONDS: i32 = 60;
/// A message that SQS itself has put here: no worker lived long enough to give a reason.
const NO_WORKER: &str = "received too often without an answer: its workers timed out or were killed";

/// Reasons by the id that the message had in the queue, so that each counts once however often it is here.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DeadLetters(BTreeMap<String, String>);

impl DeadLetters {
    /// The messages' ids.
    pub fn ids(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
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
        self.0.iter().filter(|(id, _)| !done.contains(id)).map(|(_, reason)| reason)
    }

    /// Takes a run's messages out of the dead-letter queue; those of others stay.
    pub async fn collect(&mut self, test: &Test, queue: &Queue, run: &str) -> Result<()> {
        let client = Client::new(&test.config);
        let mut others = Vec::new();
        loop {
            let messages = receive(test, &client, queue).await?;
            if messages.is_empty() {
                return show_again(test, &client, queue, &others).await;
            }
            let (ours, foreign): (Vec<_>, Vec<_>) =
                messages.into_iter().partition(|message| attribute(message, "RUN") == Some(run));
            for message in &ours {
                self.add(message);
            }
            others.extend(handles(&foreign));
            delete(test, &client, queue, &handles(&ours)).await?;
        }
    }

    fn add(&mut self, message: &Message) {
        let id = attribute(message, "MessageId").or(message.message_id()).unwrap_or_default();
        let reason = attribute(message, "Reason");
        let known = self.0.entry(id.to_owned()).or_insert_with(|| NO_WORKER.to_owned());
        if let Some(reason) = reason {
            reason.clone_into(known);
        }
    }
}

fn handles(messages: &[Message]) -> Vec<String> {
    messages.iter().filter_map(|message| message.receipt_handle().map(ToOwned::to_owned)).collect()
}

async fn receive(test: &Test, client: &Client, queue: &Queue) -> Result<Vec<Message>> {
    let answer = client
        .receive_message()
        .queue_url(&queue.dead_letter_url)
        .max_number_of_messages(BATCH)
        .message_attribute_names("All")
        .visibility_timeout(HIDDEN_SECONDS)
        // Without any wait, SQS asks only some of its servers.
        .wait_time_seconds(1)
        .send()
        .await
        .map_err(|error| failed("ReceiveMessage", &test.aurora.deployment)(&error))?;
    Ok(answer.messages.unwrap_or_default())
}

async fn delete(test: &Test, client: &Client, queue: &Queue, handles: &[String]) -> Result<()> {
    let entry = |(index, handle): (usize, &String)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(handle);
        entry.build().expect("id and handle are set")
    };
    for batch in handles.chunks(10) {
        client
            .delete_message_batch()
            .queue_url(&queue.dead_letter_url)
            .set_entries(Some(batch.iter().enumerate().map(entry).collect()))
            .send()
            .await
            .map_err(|error| failed("DeleteMessageBatch", &test.aurora.deployment)(&error))?;
    }
    Ok(())
}

async fn show_again(test: &Test, client: &Client, queue: &Queue, handles: &[String]) -> Result<()> {
    let entry = |(index, handle): (usize, &String)| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
        entry.receipt_handle(handle).visibility_timeout(0).build().expect("id and handle are set")
    };
    for batch in handles.chunks(10) {
        client
            .change_message_visibility_batch()
            .queue_url(&queue.dead_letter_url)
            .set_entries(Some(batch.iter().enumerate().map(entry).collect()))
            .send()
            .await
            .map_err(|error| failed("ChangeMessageVisibilityBatch", &test.aurora.deployment)(&error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;

    fn message(id: &str, attributes: &[(&str, &str)]) -> Message {
        let mut message = Message::builder().message_id(id);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
            message = message.message_attributes(*name, value.unwrap());
        }
        message.build()
    }

    #[test]
    fn a_message_that_was_put_aside_twice_counts_once() {
        let mut dead = DeadLetters::default();
        for id in ["copy-1", "copy-2"] {
            dead.add(&message(id, &[("MessageId", "original"), ("Reason", "DMLS is 0")]));
        }
        assert_eq!(dead.count(&[]), 1);
        assert_eq!(dead.reasons(&[]), BTreeMap::from([("DMLS is 0".to_owned(), 1)]));
    }

    #[test]
    fn a_message_without_a_reason_says_that_no_worker_could_give_one() {
        let mut dead = DeadLetters::default();
        dead.add(&message("original", &[("RUN", "r")]));
        assert_eq!(dead.reasons(&[]), BTreeMap::from([(NO_WORKER.to_owned(), 1)]));
        // The worker had put it aside as well, before it was killed.
        dead.add(&message("copy", &[("MessageId", "original"), ("Reason", "57014")]));
        assert_eq!(dead.reasons(&[]), BTreeMap::from([("57014".to_owned(), 1)]));
        dead.add(&message("original", &[("RUN", "r")]));
        assert_eq!(dead.reasons(&[]), BTreeMap::from([("57014".to_owned(), 1)]), "a reason is kept");
    }

    #[test]
    fn a_message_that_is_done_all_the_same_is_not_counted_as_dead() {
        let mut dead = DeadLetters::default();
        dead.add(&message("done", &[("RUN", "r")]));
        dead.add(&message("undone", &[("Reason", "57014")]));
        let done = ["done".to_owned()];
        assert_eq!(dead.ids(), ["done", "undone"]);
        assert_eq!((dead.count(&done), dead.reasons(&done)), (1, BTreeMap::from([("57014".to_owned(), 1)])));
    }
}
