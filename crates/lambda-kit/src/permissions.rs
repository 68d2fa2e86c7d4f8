//! Waiting for permissions that were just given.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::retry::Retry;

/// Policies that a deployment has just made are in force some seconds later: IAM is eventually consistent
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html>, "Changes that I make are not always immediately
/// visible").
const PATIENCE: Duration = Duration::from_mins(1);

/// Does what a deployment asks a new function for, again and again for a minute as long as AWS denies it. So the work has to be
/// one that can be repeated.
///
/// # Errors
/// The work's.
pub async fn until_permitted<T>(work: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    permitted_before(Instant::now() + PATIENCE, work).await
}

async fn permitted_before<T>(end: Instant, work: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut retry = Retry::until(end);
    loop {
        match work().await {
            Err(failure) if failure.is_denied() => retry.pause(failure).await?,
            ended => return ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Error;

    use super::*;

    /// How often the work was done until it succeeded or failed for good, if it fails this often first.
    async fn attempts(end: Instant, failures: u32, why: &'static str) -> (u32, Result<(), Failure>) {
        let attempts = Cell::new(0);
        let work = async || {
            attempts.set(attempts.get() + 1);
            if attempts.get() > failures { Ok(()) } else { Err(Error::other(why).into()) }
        };
        let ended = permitted_before(end, work).await;
        (attempts.get(), ended)
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_new_policy_allows_is_denied_at_first_and_tried_again() {
        let soon = Instant::now() + PATIENCE;
        for why in ["cannot list s3://a/: AccessDenied: no", "cannot read: AccessDeniedException: no"] {
            assert_eq!(attempts(soon, 5, why).await, (6, Ok(())));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn any_other_failure_and_one_that_stays_is_the_result() {
        let soon = Instant::now() + PATIENCE;
        let (count, ended) = attempts(soon, 5, "NoSuchBucket").await;
        assert!(count == 1 && ended.is_err());
        let (count, ended) = attempts(Instant::now(), 5, "AccessDenied").await;
        assert!(count == 1 && ended.unwrap_err().to_string().contains("AccessDenied"));
    }
}
