//! The items of an event on their way into the queue: as many messages at once as SQS takes.

use std::collections::HashMap;
use std::time::Instant;

use lambda_kit::Failure;
use lambda_kit::sqs::{self, Message, Queue, Sending, Sent, Unsent, number, string};
use protocol::message_attributes::{RUN, SENT_AT};
use protocol::splitter::ITEM_ATTRIBUTE;

use crate::event::Event;

/// The attributes of a message, with their types, without the run's name.
const ATTRIBUTES: usize = 64;
/// Requests under way at once.
const CONCURRENCY: usize = 16;

/// An item whose message the queue wouldn't take.
#[derive(Debug, thiserror::Error)]
#[error("the message of item {item} would have {bytes} bytes, and the queue takes {max} at most")]
pub struct TooLong {
    item: String,
    bytes: usize,
    max: usize,
}

/// Items that are not in the queue.
#[derive(Debug, thiserror::Error)]
#[error("{items} items of run {run} could not be queued: {reason}")]
pub struct NotQueued {
    items: usize,
    run: String,
    reason: String,
}

/// The items in batches that SQS takes; `max` is the longest message that the queue does, bytes.
///
/// # Errors
/// If the message of one would be longer than any may be.
pub fn batches(
    event: &Event<'_>,
    items: impl IntoIterator<Item = usize>,
    max: usize,
) -> Result<Vec<Vec<usize>>, TooLong> {
    let size = |index| event.size_with_one(index) + event.run.len() + ATTRIBUTES;
    let items: Vec<usize> = items.into_iter().collect();
    if let Some(&index) = items.iter().find(|index| size(**index) > max) {
        return Err(TooLong { item: event.item_id(index), bytes: size(index), max });
    }
    Ok(sqs::batches(&items, size))
}

/// Sends a message for each item of the batches. What SQS doesn't take is sent again until `end`; `on_sent` is told of what it
/// has taken before that.
///
/// # Errors
/// If items are not in the queue, or `on_sent` fails. All batches are tried, whatever becomes of the others.
pub async fn send(
    queue: &Queue,
    event: &Event<'_>,
    batches: Vec<Vec<usize>>,
    end: Instant,
    on_sent: impl AsyncFn(Sent) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let unsent = try_send(queue, event, batches, end, on_sent).await?;
    match unsent.first() {
        None => Ok(()),
        Some(first) => {
            let (run, reason) = (event.run.clone(), first.reason.clone());
            Err(NotQueued { items: unsent.len(), run, reason }.into())
        }
    }
}

/// The same, but returns the items that are not in the queue.
///
/// # Errors
/// If a request fails as a whole, or `on_sent` does. All batches are tried, whatever becomes of the others.
pub async fn try_send(
    queue: &Queue,
    event: &Event<'_>,
    batches: Vec<Vec<usize>>,
    end: Instant,
    on_sent: impl AsyncFn(Sent) -> Result<(), Failure>,
) -> Result<Vec<Unsent>, Failure> {
    let sending = Sending { end, concurrency: CONCURRENCY };
    queue.send(batches, sending, |index, at_us| message(event, index, at_us), on_sent).await
}

fn message(event: &Event<'_>, index: usize, at_us: u64) -> Message {
    let attributes = [
        (RUN, string(&event.run)),
        (ITEM_ATTRIBUTE, string(&event.item_id(index))),
        (SENT_AT, number(at_us)),
    ];
    let attributes: HashMap<_, _> = attributes.map(|(name, value)| (name.to_owned(), value)).into();
    Message { body: event.with_one(index), attributes }
}
