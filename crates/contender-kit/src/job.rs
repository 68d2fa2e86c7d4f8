//! One invocation's work, and its end.

use std::time::{Duration, Instant};

use lambda_kit::Failure;
use s3_wire::{Failed, S3};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::serve::Request;
use crate::{GivenUp, explained};

/// Kept to clean up before Lambda ends the function; of a short time no more than a third.
const RESERVE: Duration = Duration::from_secs(8);
/// Requests under way get so long to be answered when all is given up.
const GRACE: Duration = Duration::from_secs(2);

/// An archive to be made.
pub struct Job {
    /// The bucket.
    pub s3: S3,
    /// The event.
    pub request: Request,
    /// When the invocation began.
    pub start: Instant,
    /// Time left to it then.
    pub remaining: Duration,
    /// Cancelled when Lambda ends the environment.
    pub(crate) terminated: CancellationToken,
}

impl Job {
    /// Waits for `work`, unless the time runs out or the environment ends: then `stop` is cancelled, which has to end the
    /// work, and its requests under way are waited for, so that nothing appears after a clean-up.
    ///
    /// # Errors
    /// The work's, or [`GivenUp`].
    pub async fn finish<T>(
        &self,
        work: impl Future<Output = Result<T, Failed>>,
        stop: &CancellationToken,
    ) -> Result<T, Failure> {
        let limit = self.remaining.saturating_sub(RESERVE.min(self.remaining / 3));
        let mut work = Box::pin(work);
        let given_up = tokio::select! {
            done = &mut work => return done.map_err(explained),
            () = sleep(limit.saturating_sub(self.start.elapsed())) => GivenUp::OutOfTime(limit),
            () = self.terminated.cancelled() => GivenUp::Terminated,
        };
        stop.cancel();
        // How the work ends doesn't matter any more.
        let _ = timeout(GRACE, work).await;
        Err(given_up.into())
    }
}
