//! The loop of a worker: one unit after the other, and what becomes of those that fail.

use std::time::{Duration, Instant};

use lambda_kit::Backoff;
use lambda_kit::sql::{self, Cell, RetryAction};
use protocol::aurora::{self, Action};
use uuid::Uuid;

use crate::action::{Sizes, perform, statements};
use crate::attempt_stats::AttemptStats;
use crate::clock;
use crate::driver::Driver;
use crate::pace::Pace;
use crate::statements::CONNECTIONS;

/// Tries of a unit that others are in the way of, the first included: pgbench's `--max-tries`.
const MAX_TRIES: u32 = 10;
/// How long after a statement's timeout the server's answer is waited for.
const GRACE: Duration = Duration::from_secs(5);
/// The longest that a statement without a timeout is waited for.
const NO_TIMEOUT: Duration = Duration::from_mins(10);

/// What to do, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// What a unit executes.
    pub action: Action,
    /// What there is to work on.
    pub sizes: Sizes,
    /// Whose units they are.
    pub source: Uuid,
    /// Units per statement.
    pub batch: u32,
    /// When units start.
    pub pace: Pace,
    /// No unit starts after this.
    pub until: Instant,
    /// What is under way then is cut off.
    pub cut: Instant,
    /// After this, the server cancels a statement; zero for never.
    pub statement_timeout: Duration,
    /// When to count the server's connections.
    pub count_connections_at: Option<Instant>,
}

impl Plan {
    /// The longest that a unit is waited for: what the server needs to cancel each of its statements, and then some.
    #[must_use]
    pub fn patience(action: Action, statement_timeout: Duration) -> Duration {
        if statement_timeout.is_zero() {
            return NO_TIMEOUT;
        }
        statement_timeout * statements(action) + GRACE
    }
}

/// Executes the units `seqs` until they or the time are used up. Every failed statement is counted; a unit whose connection
/// is lost is tried again on a new one, as the ledger absorbs what has come through.
pub async fn load<D: Driver>(
    driver: &mut D,
    plan: &Plan,
    stats: &mut AttemptStats,
    seqs: impl Iterator<Item = i32>,
) {
    let cpu = clock::cpu();
    let (start_ms, start) = (clock::now_ms(), Instant::now());
    let end = units(driver, plan, stats, seqs, start).await;
    stats.span(start_ms, start, end);
    stats.outcome.cpu_ms += clock::cpu().saturating_sub(cpu).as_secs_f64() * 1000.0;
    stats.outcome.connections_opened = driver.opened();
}

/// Returns when the last unit ended.
async fn units<D: Driver>(
    driver: &mut D,
    plan: &Plan,
    stats: &mut AttemptStats,
    mut seqs: impl Iterator<Item = i32>,
    start: Instant,
) -> Instant {
    let mut count_connections_at = plan.count_connections_at.filter(|_| D::KIND == aurora::Driver::Sqlx);
    let mut now = start;
    let mut batch = Vec::new();
    for number in plan.pace.first_from(start).. {
        let intended = plan.pace.due(number).unwrap_or(now);
        if intended.max(now) >= plan.until {
            break;
        }
        batch.clear();
        batch.extend(seqs.by_ref().take(plan.batch as usize));
        if batch.is_empty() {
            break;
        }
        if intended > now {
            clock::wait_until(intended).await;
        }
        let done = unit(driver, plan, stats, &batch).await;
        now = Instant::now();
        match done {
            Ok(new) => stats.confirm(batch.len() as u64, new, now - intended),
            Err(RetryAction::Abort) => break,
            Err(_) => {}
        }
        if count_connections_at.take_if(|moment| now >= *moment).is_some() {
            count_connections(driver, stats).await;
            now = Instant::now();
        }
    }
    now
}

/// One unit, or a batch of them; returns how many are new.
async fn unit<D: Driver>(
    driver: &mut D,
    plan: &Plan,
    stats: &mut AttemptStats,
    seqs: &[i32],
) -> Result<u64, RetryAction> {
    let patience = Plan::patience(plan.action, plan.statement_timeout);
    let mut backoff = Backoff::default();
    let mut tries = 0;
    loop {
        let limit = patience.min(plan.cut.saturating_duration_since(Instant::now()));
        let work = async |driver: &mut D| perform(driver, plan.action, plan.sizes, plan.source, seqs).await;
        let error = match sql::attempt(driver, limit, work).await {
            Ok(new) => return Ok(new),
            Err(error) => error,
        };
        let action = error.retry_action();
        stats.fail(error);
        tries += 1;
        match action {
            RetryAction::Retry if tries < MAX_TRIES => {}
            RetryAction::Reconnect | RetryAction::BackOff => backoff.pause(plan.until).await,
            RetryAction::FailOver => {
                backoff.pause(plan.until).await;
                return Err(action);
            }
            RetryAction::Retry | RetryAction::Fail | RetryAction::Abort => return Err(action),
        }
        if Instant::now() >= plan.until {
            return Err(action);
        }
    }
}

/// Counts the server's connections; that this fails is no failure of the load.
async fn count_connections<D: Driver>(driver: &mut D, stats: &mut AttemptStats) {
    if let Ok(rows) = driver.fetch(&CONNECTIONS, &[]).await {
        let count = rows.first().and_then(|row| row.first()).map(Cell::int);
        stats.outcome.server_connections = count.and_then(|count| u64::try_from(count).ok());
    }
}
