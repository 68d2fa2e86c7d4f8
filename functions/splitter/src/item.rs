//! The work on one item.

use std::time::Duration;

use lambda_kit::Failure;
use lambda_kit::run_log::{Key, Known};

use crate::event::{Event, POISON};
use crate::worker::{Invocation, Worker};

/// What the log of the run takes, before and after the work.
const RESERVE: Duration = Duration::from_millis(250);

/// Why an item isn't done.
#[derive(Debug, thiserror::Error)]
pub enum Undone {
    /// It was made to fail.
    #[error("the tag '{POISON}' can't be handled")]
    Poisoned,
    /// The invocation would be ended before.
    #[error(
        "the item takes {takes:?} and its invocation has {left:?} left: raise timeoutSeconds or lower batchSize"
    )]
    NoTime {
        /// How long the item takes.
        takes: Duration,
        /// What is left.
        left: Duration,
    },
}

impl Worker {
    /// Handles an event of one item, unless the log has it as done.
    pub(crate) async fn item(
        &self,
        event: &Event<'_>,
        key: Key<'_>,
        queued_us: Option<u64>,
        invocation: &Invocation<'_>,
    ) -> Result<(), Failure> {
        let (takes, left) = (event.item_time.unwrap_or(self.item_time), invocation.deadline.remaining());
        if left < takes + RESERVE {
            return Err(Undone::NoTime { takes, left }.into());
        }
        let known = Known { queued_us, count: None };
        self.log.run_once(key, invocation.claimant(), known, async |_| Ok(work(event, takes).await?)).await
    }
}

/// A task of which nothing is known but how long it takes.
async fn work(event: &Event<'_>, takes: Duration) -> Result<(), Undone> {
    if event.is_poison() {
        return Err(Undone::Poisoned);
    }
    tokio::time::sleep(takes).await;
    Ok(())
}
