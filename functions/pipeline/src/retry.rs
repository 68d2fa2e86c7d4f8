//! Statements, retried until they work, cannot work, or time is up.

use std::time::{Duration, Instant};

use lambda_kit::Retry;
use lambda_kit::sql::{self, DbError, Driver};

/// How long after a statement's timeout the server's answer is waited for.
const GRACE: Duration = Duration::from_secs(5);

/// How long to try.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// No attempt after this.
    pub end: Instant,
    /// After this, the server cancels a statement; zero for never.
    pub statement_timeout: Duration,
}

impl Limits {
    /// What an attempt may take, connecting included.
    fn attempt_timeout(&self) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        if self.statement_timeout.is_zero() { left } else { left.min(self.statement_timeout + GRACE) }
    }
}

/// Does `work`, as often as it takes.
pub async fn retry<D: Driver, T>(
    driver: &mut D,
    limits: Limits,
    is_permanent: fn(&DbError) -> bool,
    mut work: impl AsyncFnMut(&mut D) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let mut retry = Retry::until(limits.end);
    loop {
        match sql::attempt(driver, limits.attempt_timeout(), &mut work).await {
            Ok(done) => return Ok(done),
            Err(error) if is_permanent(&error) => return Err(error),
            Err(error) => retry.pause(error).await?,
        }
    }
}
