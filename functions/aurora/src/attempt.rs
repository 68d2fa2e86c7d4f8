//! One attempt at a source's units, from its entry in the ledger to its metrics.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lambda_kit::Backoff;
use lambda_kit::sql::{DbError, Remedy};
use tokio::time::timeout;
use uuid::Uuid;

use crate::driver::Driver;
use crate::ledger::{self, Attempt, Begun, Source};
use crate::metrics;
use crate::record::Record;

/// Whether this environment has worked before.
static WARM: AtomicBool = AtomicBool::new(false);
/// A cancelled statement of the ledger was in someone's way: worth another try.
const QUERY_CANCELED: &str = "57014";
/// Left of an invocation when the load ends, for the unit under way and to settle.
const RESERVE: Duration = Duration::from_secs(5);
/// Left of an invocation when the ledger must be done.
const LAST: Duration = Duration::from_millis(500);

/// The connections of a worker: the one under load, and the one for the ledger where that is another.
pub struct Roads<D> {
    /// The one under load.
    pub load: D,
    /// To the writer, where the load goes to the reader.
    pub ledger: Option<D>,
}

impl<D> Roads<D> {
    /// The connection for the ledger.
    pub fn ledger(&mut self) -> &mut D {
        self.ledger.as_mut().unwrap_or(&mut self.load)
    }
}

/// How far an invocation goes.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// No unit starts after this.
    pub load: Instant,
    /// A unit that is under way then is cut off.
    pub cut: Instant,
    /// No ledger after this.
    pub ledger: Instant,
}

impl Deadline {
    /// Of an invocation with this time left.
    #[must_use]
    pub fn of(remaining: Duration) -> Self {
        let now = Instant::now();
        let reserve = (remaining / 3).min(RESERVE);
        let last = (remaining / 20).min(LAST);
        Self {
            load: now + remaining.saturating_sub(reserve),
            cut: now + remaining.saturating_sub(reserve / 2),
            ledger: now + remaining.saturating_sub(last),
        }
    }
}

/// The record of a new attempt.
#[must_use]
pub fn new_record() -> Record {
    let mut record = Record::default();
    record.outcome.workers = 1;
    record.outcome.cold_starts = u64::from(!WARM.swap(true, Ordering::Relaxed));
    record
}

/// Begins an attempt.
///
/// # Errors
/// The database's, when time is up or it will not get better.
pub async fn begin<D: Driver>(
    roads: &mut Roads<D>,
    source: &Source,
    record: &mut Record,
    end: Instant,
) -> Result<Begun, DbError> {
    persist(roads.ledger(), record, end, async |driver, _| ledger::begin(driver, source).await).await
}

/// Settles an attempt and writes its metrics; returns all completions of the source.
///
/// # Errors
/// The database's, when time is up or it will not get better. The next attempt counts what this one has done.
pub async fn settle<D: Driver>(
    roads: &mut Roads<D>,
    source: &Source,
    record: &mut Record,
    last: bool,
    end: Instant,
    database: &str,
) -> Result<u64, DbError> {
    let id = Uuid::from_u128(fastrand::u128(..));
    let mut again = false;
    let completions = persist(roads.ledger(), record, end, async |driver, record| {
        let attempt = Attempt { id, last, again };
        again = true;
        ledger::settle(driver, source, attempt, &mut record.outcome).await
    })
    .await?;
    metrics::emit(database, source.action, &record.outcome, &record.sample);
    Ok(completions)
}

/// Does something that must not fail for a lost connection: again and again until `end`; failures are counted.
///
/// # Errors
/// The last one.
pub async fn persist<D: Driver, T>(
    driver: &mut D,
    record: &mut Record,
    end: Instant,
    mut work: impl AsyncFnMut(&mut D, &mut Record) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let mut backoff = Backoff::default();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let tried = timeout(left, async {
            driver.connect().await?;
            work(driver, record).await
        });
        let late = |_| DbError::new("timeout", format!("no answer of the ledger within {left:?}"));
        let error = match tried.await.map_err(late).flatten() {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        driver.lose().await;
        record.fail(error.clone());
        let hopeless = matches!(error.remedy(), Remedy::GiveUp)
            || (error.remedy() == Remedy::Next && error.kind != QUERY_CANCELED);
        if !hopeless {
            backoff.pause(end).await;
        }
        if hopeless || Instant::now() >= end {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_time_to_settle_however_short_the_invocation() {
        for remaining in [60_000, 9000, 900, 90].map(Duration::from_millis) {
            let deadline = Deadline::of(remaining);
            let settling = deadline.ledger.saturating_duration_since(deadline.cut);
            assert!(deadline.cut > deadline.load);
            assert!(settling >= remaining.min(Duration::from_secs(5)) / 10, "{remaining:?}: {settling:?}");
            assert!(deadline.ledger < Instant::now() + remaining);
        }
    }
}
