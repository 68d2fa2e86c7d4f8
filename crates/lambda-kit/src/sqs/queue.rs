//! Messages on their way into a queue, as many at once as SQS takes.

use std::collections::HashMap;
use std::time::Instant;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, MessageAttributeValue, SendMessageBatchRequestEntry};
use futures::{StreamExt, stream};
use tokio::time::timeout_at;

use crate::{Backoff, Failure, batch, now_us};

/// Entries of a `SendMessageBatch` (Amazon SQS API Reference).
const MAX_ENTRIES: usize = 10;
/// Size of a message, and of all messages of a batch together, attributes included (Amazon SQS API Reference, since August
/// 2025; before, 256 KiB).
pub const MAX_BYTES: usize = 1024 * 1024;

/// A queue that messages are sent to.
pub struct Queue {
    client: Client,
    url: String,
}

/// A message to send.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its body.
    pub body: String,
    /// Its attributes by their names.
    pub attributes: HashMap<String, MessageAttributeValue>,
}

/// Messages that a request has put into the queue.
#[derive(Debug)]
pub struct Sent {
    /// Their numbers.
    pub numbers: Vec<usize>,
    /// When they were sent, µs since 1970.
    pub at_us: u64,
}

/// A message that is not in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Its number.
    pub number: usize,
    /// Why.
    pub reason: String,
    /// Whether SQS never takes it.
    pub is_permanent: bool,
}

/// How long and how fast to send.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// No request after this.
    pub end: Instant,
    /// Requests under way at once.
    pub concurrency: usize,
}

/// Numbers of messages in batches that SQS takes; `size_of` is a message's size with its attributes, bytes.
pub fn batches(numbers: &[usize], size_of: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let batches = batch::split(numbers, MAX_ENTRIES, MAX_BYTES, |number| size_of(*number));
    batches.into_iter().map(<[_]>::to_vec).collect()
}

impl Queue {
    /// A queue by its URL.
    #[must_use]
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends batches of messages by their numbers: `message` makes each when its turn comes, from its number and the time
    /// (µs since 1970), `on_sent` is told what is in the queue. What SQS doesn't take for now is sent again until the end.
    /// Returns those that are not in the queue, in their order.
    ///
    /// # Errors
    /// The first request that failed as a whole, or `on_sent`'s error; all batches are tried nevertheless.
    pub async fn send(
        &self,
        batches: Vec<Vec<usize>>,
        Sending { end, concurrency }: Sending,
        message: impl Fn(usize, u64) -> Message,
        on_sent: impl AsyncFn(Sent) -> Result<(), Failure>,
    ) -> Result<Vec<Unsent>, Failure> {
        let (message, on_sent) = (&message, &on_sent);
        let results: Vec<_> = stream::iter(batches)
            .map(|batch| self.send_batch(batch, end, message, on_sent))
            .buffer_unordered(concurrency)
            .collect()
            .await;
        let unsent: Vec<Vec<Unsent>> = results.into_iter().collect::<Result<_, _>>()?;
        let mut unsent = unsent.concat();
        unsent.sort_unstable_by_key(|message| message.number);
        Ok(unsent)
    }

    async fn send_batch(
        &self,
        mut left: Vec<usize>,
        end: Instant,
        message: &impl Fn(usize, u64) -> Message,
        on_sent: &impl AsyncFn(Sent) -> Result<(), Failure>,
    ) -> Result<Vec<Unsent>, Failure> {
        let (mut backoff, mut unsent) = (Backoff::default(), Vec::new());
        let mut reason = "time was up".to_owned();
        while !left.is_empty() && Instant::now() < end {
            let Ok(answer) = timeout_at(end.into(), self.request(&left, message)).await else { break };
            let (sent, failed) = answer?;
            on_sent(sent).await?;
            let (permanent, transient): (Vec<_>, Vec<_>) =
                failed.into_iter().partition(|message: &Unsent| message.is_permanent);
            unsent.extend(permanent);
            left = transient.iter().map(|message| message.number).collect();
            if let Some(first) = transient.into_iter().next() {
                reason = first.reason;
                tracing::warn!(messages = left.len(), reason, "the messages are sent again");
                backoff.pause(end).await;
            }
        }
        let late = |number| Unsent { number, reason: reason.clone(), is_permanent: false };
        unsent.extend(left.into_iter().map(late));
        Ok(unsent)
    }

    /// Sends messages in one request; returns those that are in the queue, and those that SQS hasn't taken.
    async fn request(
        &self,
        numbers: &[usize],
        message: &impl Fn(usize, u64) -> Message,
    ) -> Result<(Sent, Vec<Unsent>), Failure> {
        let at_us = now_us();
        let entries = numbers.iter().map(|number| entry(*number, message(*number, at_us))).collect();
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| {
            Failure::aws(format_args!("send {} messages to the queue {}", numbers.len(), self.url), &error)
        })?;
        let sent = answer.successful.iter().filter_map(|entry| entry.id.parse().ok()).collect();
        Ok((Sent { numbers: sent, at_us }, answer.failed.iter().filter_map(unsent).collect()))
    }
}

/// A text as an attribute.
#[must_use]
pub fn string(value: &str) -> MessageAttributeValue {
    attribute("String", value)
}

/// A number as an attribute.
#[must_use]
pub fn number(value: u64) -> MessageAttributeValue {
    attribute("Number", &value.to_string())
}

fn attribute(kind: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(kind).string_value(value).build().expect("the type is set")
}

fn entry(number: usize, message: Message) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder()
        .id(format!("{number:04}"))
        .message_body(message.body)
        .set_message_attributes(Some(message.attributes))
        .build()
        .expect("id and body are set")
}

fn unsent(entry: &BatchResultErrorEntry) -> Option<Unsent> {
    let reason = format!("{}: {}", entry.code, entry.message.as_deref().unwrap_or_default());
    Some(Unsent { number: entry.id.parse().ok()?, reason, is_permanent: entry.sender_fault })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::time::Duration;

    use serde_json::{Value, json};
    use test_kit::aws::{self, Requests, requests};

    use super::*;

    /// A queue that refuses messages by their ids: how often, and whether it calls that the sender's fault.
    fn queue(refused: &[(&'static str, usize, bool)]) -> (Queue, Requests) {
        let refused: BTreeMap<_, _> =
            refused.iter().map(|(id, times, fault)| (*id, (*times, *fault))).collect();
        let refused = Mutex::new(refused);
        let (config, log) = aws::config(move |_, request| {
            let (mut successful, mut failed) = (Vec::new(), Vec::new());
            for entry in request["Entries"].as_array().unwrap() {
                let id = &entry["Id"];
                if let Some((times @ 1.., fault)) = refused.lock().unwrap().get_mut(id.as_str().unwrap()) {
                    *times -= 1;
                    failed.push(
                        json!({ "Id": id, "Code": "Broken", "Message": "not now", "SenderFault": *fault }),
                    );
                } else {
                    successful.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "" }));
                }
            }
            (200, json!({ "Successful": successful, "Failed": failed }))
        });
        (Queue::new(&config, "https://sqs/queue".to_owned()), log)
    }

    fn message(number: usize, at_us: u64) -> Message {
        let attributes = HashMap::from([("SentAt".to_owned(), super::number(at_us))]);
        Message { body: number.to_string(), attributes }
    }

    async fn send(
        queue: &Queue,
        count: usize,
        within: Duration,
    ) -> (Result<Vec<Unsent>, Failure>, Vec<usize>) {
        let numbers: Vec<_> = (0..count).collect();
        let sending = Sending { end: Instant::now() + within, concurrency: 4 };
        let sent = RefCell::new(Vec::new());
        let on_sent = async |of_request: Sent| {
            sent.borrow_mut().extend(of_request.numbers);
            Ok(())
        };
        let result = queue.send(batches(&numbers, |_| 100), sending, message, on_sent).await;
        let mut sent = sent.into_inner();
        sent.sort_unstable();
        (result, sent)
    }

    fn entries(request: &Value) -> usize {
        request["Entries"].as_array().unwrap().len()
    }

    #[tokio::test(start_paused = true)]
    async fn only_failed_entries_are_sent_again() {
        let (queue, log) = queue(&[("0003", 2, false), ("0017", 1, false)]);
        let (result, sent) = send(&queue, 25, Duration::from_secs(30)).await;
        assert_eq!((result.unwrap(), sent), (vec![], (0..25).collect()));
        let mut sizes: Vec<_> = requests(&log, "SendMessageBatch").iter().map(entries).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 1, 1, 5, 10, 10]);
    }

    #[tokio::test]
    async fn a_message_that_sqs_never_takes_stops_no_other_and_one_that_is_late_says_why() {
        let (queue, _) = queue(&[("0002", usize::MAX, true), ("0004", usize::MAX, false)]);
        let (result, sent) = send(&queue, 6, Duration::from_millis(200)).await;
        let reason = "Broken: not now".to_owned();
        let permanent = Unsent { number: 2, reason: reason.clone(), is_permanent: true };
        assert_eq!(result.unwrap(), [permanent, Unsent { number: 4, reason, is_permanent: false }]);
        assert_eq!(sent, [0, 1, 3, 5]);
    }

    #[tokio::test]
    async fn without_time_nothing_is_sent() {
        let (queue, log) = queue(&[]);
        let (result, sent) = send(&queue, 3, Duration::ZERO).await;
        assert_eq!((result.unwrap().len(), sent.len()), (3, 0));
        assert!(requests(&log, "SendMessageBatch").is_empty());
    }

    #[test]
    fn batches_are_no_larger_than_sqs_takes() {
        let sizes = |count: usize, size: usize| {
            let numbers: Vec<_> = (0..count).collect();
            batches(&numbers, |_| size).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(25, 10), [10, 10, 5]);
        assert_eq!(sizes(8, 200_000), [5, 3]);
    }
}
