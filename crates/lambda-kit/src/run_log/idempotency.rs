//! Idempotency: an item is done once, whatever comes twice or is ended in the middle.

use super::{Claim, Claimant, Key, Known, RunLog};
use crate::Failure;

/// Why an item cannot be claimed, or its claim no longer holds.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another invocation has claimed it.
    #[error("item {item} of run {run} is being done by another invocation, or was until one ended just now")]
    Busy {
        /// The run.
        run: String,
        /// The item.
        item: String,
    },
    /// Another invocation has claimed it since.
    #[error(
        "item {item} of run {run} was taken over by another invocation: its clock differs from this one's"
    )]
    TakenOver {
        /// The run.
        run: String,
        /// The item.
        item: String,
    },
}

impl RunLog {
    /// Does an item, unless it is done; `work` gets the number of the attempt, from 1. An item whose work fails may be done by
    /// whoever comes next.
    ///
    /// # Errors
    /// The work's and DynamoDB's, and [`ClaimError`].
    pub async fn run_once(
        &self,
        key: Key<'_>,
        claimant: Claimant<'_>,
        known: Known,
        work: impl AsyncFnOnce(u64) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (run, item) = (key.run.to_owned(), key.item.to_owned());
        let claimed = match self.claim(key, claimant, known).await? {
            Claim::Claimed(claimed) => claimed,
            Claim::Done => {
                tracing::info!(run, item, "done already");
                return Ok(());
            }
            Claim::Busy => return Err(ClaimError::Busy { run, item }.into()),
        };
        if let Err(failure) = work(claimed.attempt).await {
            if let Err(error) = self.release(claimed).await {
                tracing::warn!(run, item, %error, "the claim stays until its time is over");
            }
            return Err(failure);
        }
        if self.finish(claimed).await? { Ok(()) } else { Err(ClaimError::TakenOver { run, item }.into()) }
    }
}
