//! One of the functions that send the messages of items together, as splitting an event of all of them would.

use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;

use aws_config::SdkConfig;
use lambda_kit::sqs::{MAX_BYTES, Queue, Sent};
use lambda_kit::{Deadline, Failure, Start, env};
use protocol::load_generator::Task;
use protocol::splitter::{ItemsReport, SharedItems, generated_event};
use serde_json::json;

use crate::enqueue;
use crate::event::{Parsed, parse};

/// Items whose messages are made at once: 10 MB of them.
const CHUNK: usize = 10_000;
/// Ranges that a report holds at most: it passes between states, 256 KiB at most.
const MAX_RANGES: usize = 4000;

/// What a sender is set up with.
pub struct Sender {
    queue: Queue,
    /// The source of its events.
    source: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// No such worker.
    #[error("worker is {0}, but must be below workers, {1}")]
    Worker(u64, u64),
    /// What it sends is nothing that the queue's function would handle.
    #[error("the function ignores such events")]
    Ignored,
}

impl Sender {
    /// From the environment: `QUEUE_URL` and `EVENT_SOURCE`.
    ///
    /// # Errors
    /// If a variable is missing.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let queue = Queue::new(config, env::setting("QUEUE_URL", "the URL of the items' queue")?);
        Ok(Self::new(queue, env::setting("EVENT_SOURCE", "the source of the items' events")?))
    }

    /// One that sends to a queue.
    #[must_use]
    pub fn new(queue: Queue, source: String) -> Self {
        Self { queue, source }
    }

    /// Sends this worker's part of the items, and says which of them are not in the queue.
    ///
    /// # Errors
    /// If there is no such worker, or the run can have no such name. What SQS refuses is no error.
    pub async fn send(&self, task: Task<SharedItems>, remaining: Duration) -> Result<ItemsReport, Failure> {
        let (deadline, worker, load) = (Deadline::after(remaining), task.worker, &task.load);
        if worker >= load.workers {
            return Err(SenderError::Worker(worker, load.workers).into());
        }
        let part = load.part(worker);
        let (start, mut report) = (Start::of(&task).await, ItemsReport { worker, ..ItemsReport::default() });
        let mut unsent = Vec::new();
        let mut left = part.clone();
        while !left.is_empty() {
            let chunk = left.start..left.end.min(left.start + CHUNK as u64);
            left.start = chunk.end;
            let sent = self.send_chunk(load, chunk.clone(), deadline).await?;
            report.reason = report.reason.or(sent.reason);
            let missing: Vec<u64> =
                chunk.clone().zip(sent.is_sent).filter(|(_, is)| !is).map(|(id, _)| id).collect();
            report.sent += chunk.end - chunk.start - missing.len() as u64;
            let is_hopeless = missing.len() as u64 == chunk.end - chunk.start;
            unsent.extend(missing);
            if is_hopeless {
                unsent.extend(left);
                break;
            }
        }
        report.unsent = ranges(unsent, part.end);
        report.span = start.until_now();
        tracing::info!(worker, sent = report.sent, reason = report.reason.as_deref(), "sent");
        Ok(report)
    }

    async fn send_chunk(
        &self,
        load: &SharedItems,
        chunk: Range<u64>,
        deadline: Deadline,
    ) -> Result<SentChunk, Failure> {
        let mut event = generated_event(&self.source, chunk.clone(), load.item_seconds);
        event["detail"]["run"] = json!(load.run);
        let text = event.to_string();
        let Parsed::Tags(event) = parse(&text, &self.source)? else {
            return Err(SenderError::Ignored.into());
        };
        let event = event.with_items_from(usize::try_from(chunk.start)?);
        let batches = enqueue::batches(&event, 0..event.count(), MAX_BYTES)?;
        let is_sent = RefCell::new(vec![false; event.count()]);
        let record = async |sent: Sent| {
            sent.numbers.into_iter().for_each(|index| is_sent.borrow_mut()[index] = true);
            Ok(())
        };
        let reason = match enqueue::try_send(&self.queue, &event, batches, deadline.work(), record).await {
            Ok(unsent) => unsent.into_iter().next().map(|first| first.reason),
            Err(failure) => Some(failure.to_string()),
        };
        Ok(SentChunk { is_sent: is_sent.into_inner(), reason })
    }
}

/// What became of some items.
struct SentChunk {
    /// Whether each is in the queue.
    is_sent: Vec<bool>,
    /// Why one isn't.
    reason: Option<String>,
}

/// Ascending numbers as ranges; beyond what a report holds, the last one ends before `end`.
fn ranges(numbers: Vec<u64>, end: u64) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        let is_full = ranges.len() == MAX_RANGES;
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            Some((_, last)) if is_full => {
                *last = end - 1;
                break;
            }
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_a_range_and_too_many_ranges_end_in_one() {
        assert_eq!(ranges(vec![], 10), []);
        assert_eq!(ranges(vec![1, 2, 3, 7, 9], 10), [(1, 3), (7, 7), (9, 9)]);
        let many = ranges((0..20_000).step_by(2).collect(), 20_000);
        assert_eq!((many.len(), many.last()), (MAX_RANGES, Some(&(7998, 19_999))));
    }
}
