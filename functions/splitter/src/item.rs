//! The work on one item.

use std::time::Duration;

use lambda_kit::Failure;
use lambda_kit::run_log::{Key, Known};
use protocol::splitter::POISON;

use crate::event::Event;
use crate::worker::{Invocation, Worker};

/// Why an item isn't done.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// It was made to fail.
    #[error("the tag '{POISON}' cannot be handled")]
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
        let (takes, left) =
            (event.item_time.unwrap_or(self.settings.item_time), invocation.deadline.remaining());
        if left < takes + self.settings.item_reserve {
            return Err(ItemError::NoTime { takes, left }.into());
        }
        let known = Known { queued_us, count: None };
        self.log.run_once(key, invocation.claimant(), known, async |_| Ok(work(event, takes).await?)).await
    }
}

/// A task of which nothing is known but how long it takes.
async fn work(event: &Event<'_>, takes: Duration) -> Result<(), ItemError> {
    if event.is_poison() {
        return Err(ItemError::Poisoned);
    }
    tokio::time::sleep(takes).await;
    Ok(())
}
