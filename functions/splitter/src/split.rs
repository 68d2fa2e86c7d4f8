//! From an event of many items to a message for each.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use lambda_kit::Failure;
use lambda_kit::run_log::{Key, Known};
use lambda_kit::sqs::Sent;
use protocol::splitter::Reply;
use tokio::time::timeout_at;

use crate::enqueue;
use crate::event::Event;
use crate::reply;
use crate::worker::{Invocation, Worker};

/// Left of an invocation when splitting ends, to say in the log how far it got.
const RESERVE: Duration = Duration::from_secs(1);

/// The invocation was too short.
#[derive(Debug, thiserror::Error)]
#[error("the {count} items of run {run} could not be queued in {within:?}: raise timeoutSeconds or memory")]
pub struct OutOfTime {
    count: usize,
    run: String,
    within: Duration,
}

impl Worker {
    /// Queues the items of an event, unless the log has the event as split. What an attempt before this one has queued isn't
    /// queued again, as far as the log knows; who handles the items finds the others that come twice.
    pub(crate) async fn split(
        &self,
        event: &Event<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<Reply, Failure> {
        let count = event.count();
        if let Err(too_long) = enqueue::batches(event, 0..count, self.settings.max_message_bytes) {
            return self.refuse(event.text(), &too_long.to_string(), invocation).await;
        }
        let entry = event.split_entry();
        let (key, known) =
            (Key { run: &event.run, item: &entry }, Known { count: Some(count), queued_us: None });
        let (within, end) = (invocation.deadline.budget(RESERVE), invocation.deadline.before(RESERVE));
        let queue = async |attempt| match timeout_at(end.into(), self.queue_items(event, attempt, end)).await
        {
            Ok(queued) => queued,
            Err(_) => Err(OutOfTime { count, run: event.run.clone(), within }.into()),
        };
        self.log.run_once(key, invocation.claimant(), known, queue).await?;
        Ok(reply::split(count))
    }

    async fn queue_items(&self, event: &Event<'_>, attempt: u64, end: Instant) -> Result<(), Failure> {
        let queued = if attempt > 1 { self.log.queued_items(&event.run).await? } else { HashSet::new() };
        let left = (0..event.count()).filter(|index| !queued.contains(&event.item_entry(*index)));
        let batches = enqueue::batches(event, left, self.settings.max_message_bytes)?;
        let record = async |sent: Sent| {
            let items: Vec<_> = sent.numbers.into_iter().map(|index| event.item_entry(index)).collect();
            self.log.record_queued(&event.run, &items, sent.at_us, end).await
        };
        enqueue::send(&self.queue, event, batches, end, record).await
    }
}
