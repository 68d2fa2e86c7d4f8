//! Statements that are tried again until they are done.

use std::time::{Duration, Instant};

use lambda_kit::Backoff;
use lambda_kit::sql::{DbError, Driver, Remedy};
use tokio::time::timeout;

use crate::deadline::left;

/// How long after a statement's time-out the server's answer is waited for.
const GRACE: Duration = Duration::from_secs(5);

/// How far the tries go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// No try after this.
    pub end: Instant,
    /// After this, the server cancels a statement; zero for never.
    pub statement_timeout: Duration,
}

impl Limits {
    /// What a try may take, connecting included.
    fn patience(&self) -> Duration {
        let left = left(self.end);
        if self.statement_timeout.is_zero() { left } else { left.min(self.statement_timeout + GRACE) }
    }
}

/// Does something again and again until it is done, fails in a way that is hopeless, or time is up. A connection that is no
/// good any more is replaced.
pub async fn persist<D: Driver, T>(
    driver: &mut D,
    limits: Limits,
    hopeless: fn(&DbError) -> bool,
    mut work: impl AsyncFnMut(&mut D) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let mut backoff = Backoff::default();
    loop {
        let patience = limits.patience();
        let tried = timeout(patience, async {
            driver.connect().await?;
            work(driver).await
        });
        let late = |_| DbError::new("timeout", format!("no answer of the database within {patience:?}"));
        let error = match tried.await.map_err(late).flatten() {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        if !matches!(error.remedy(), Remedy::Next | Remedy::Again | Remedy::Wait) {
            driver.lose().await;
        }
        if hopeless(&error) || Instant::now() >= limits.end {
            return Err(error);
        }
        tracing::warn!(%error, "the statement is tried again");
        backoff.pause(limits.end).await;
    }
}
