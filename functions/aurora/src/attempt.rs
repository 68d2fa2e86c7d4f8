//! One attempt at a source's units, from its entry in the ledger to its metrics.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use lambda_kit::sql::{self, DbError, RetryAction};
use lambda_kit::{Deadline, Retry};
use uuid::Uuid;

use crate::attempt_stats::AttemptStats;
use crate::driver::Driver;
use crate::ledger::{self, Attempt, Source, Started};
use crate::metrics;

/// Whether this environment has worked before.
static WARM: AtomicBool = AtomicBool::new(false);
/// A cancelled statement of the ledger was in someone's way: worth another try.
const QUERY_CANCELED: &str = "57014";

/// The connections of a worker: the one under load, and the one for the ledger where that is another.
pub struct Connections<D> {
    /// The one under load.
    pub load: D,
    /// To the writer, where the load goes to the reader.
    pub ledger: Option<D>,
}

impl<D> Connections<D> {
    /// The connection for the ledger.
    pub fn ledger(&mut self) -> &mut D {
        self.ledger.as_mut().unwrap_or(&mut self.load)
    }
}

/// When a unit that is under way is cut off: half of the reserve is left to settle.
#[must_use]
pub fn cut(deadline: &Deadline) -> Instant {
    deadline.before(deadline.reserve() / 2)
}

/// The statistics of a new attempt.
#[must_use]
pub fn new_stats() -> AttemptStats {
    let mut stats = AttemptStats::default();
    stats.outcome.workers = 1;
    stats.outcome.cold_starts = u64::from(!WARM.swap(true, Ordering::Relaxed));
    stats
}

/// Starts an attempt.
///
/// # Errors
/// The database's, when time is up or it will not get better.
pub async fn start<D: Driver>(
    connections: &mut Connections<D>,
    source: &Source,
    stats: &mut AttemptStats,
    end: Instant,
) -> Result<Started, DbError> {
    retry(connections.ledger(), stats, end, async |driver, _| ledger::start(driver, source).await).await
}

/// Settles an attempt and writes its metrics; returns all completions of the source.
///
/// # Errors
/// The database's, when time is up or it will not get better. The next attempt counts what this one has done.
pub async fn settle<D: Driver>(
    connections: &mut Connections<D>,
    source: &Source,
    stats: &mut AttemptStats,
    last: bool,
    end: Instant,
    metrics_namespace: &str,
) -> Result<u64, DbError> {
    let id = Uuid::from_u128(fastrand::u128(..));
    let mut again = false;
    let completions = retry(connections.ledger(), stats, end, async |driver, stats| {
        let attempt = Attempt { id, last, again };
        again = true;
        ledger::settle(driver, source, attempt, &mut stats.outcome).await
    })
    .await?;
    metrics::emit(metrics_namespace, source.action, &stats.outcome, &stats.sample);
    Ok(completions)
}

/// Does something that must not fail for a lost connection: again and again until `end`; failures are counted.
///
/// # Errors
/// The last one.
pub async fn retry<D: Driver, T>(
    driver: &mut D,
    stats: &mut AttemptStats,
    end: Instant,
    mut work: impl AsyncFnMut(&mut D, &mut AttemptStats) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let mut retry = Retry::until(end);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let error = match sql::attempt(driver, left, async |driver| work(driver, stats).await).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        driver.disconnect().await;
        stats.fail(error.clone());
        if is_permanent(&error) {
            return Err(error);
        }
        retry.pause(error).await?;
    }
}

fn is_permanent(error: &DbError) -> bool {
    match error.retry_action() {
        RetryAction::Abort => true,
        RetryAction::Fail => error.kind != QUERY_CANCELED,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn there_is_time_to_settle_however_short_the_invocation() {
        for remaining in [60_000, 9000, 900, 90].map(Duration::from_millis) {
            let deadline = Deadline::after(remaining);
            let settling = deadline.answer().saturating_duration_since(cut(&deadline));
            assert!(cut(&deadline) > deadline.work());
            assert!(settling >= remaining.min(Duration::from_secs(5)) / 10, "{remaining:?}: {settling:?}");
            assert!(deadline.answer() < Instant::now() + remaining);
        }
    }
}
