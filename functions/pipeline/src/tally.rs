//! What the table says of a run, while it goes on or afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use futures::TryStreamExt;
use futures::future::LocalBoxFuture;
use lambda_kit::postgres::{Cluster, Login, Postgres};
use lambda_kit::sql::{DbError, RetryAction, SqlxDriver};
use lambda_kit::{Deadline, Failure};
use protocol::pipeline::{Hop, Tally, TallyRequest};
use serde::Serialize;

use crate::retry::{Limits, retry};
use crate::statements::{TALLY_ALL, TALLY_RUN};
use crate::sum::{NumbersError, Row, Sum};

/// Reading a million rows takes longer than a statement of the load may.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(2);
/// A database that is away is waited for so long: it may be part of the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// A [`Tally`], with percentiles for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The figures.
    #[serde(flatten)]
    pub tally: Tally,
    /// The latencies' percentiles by hop, ms.
    pub latency_ms: BTreeMap<Hop, Percentiles>,
}

/// What people want to know of latencies, ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them take no longer.
    pub p50: f64,
    /// 90 %.
    pub p90: f64,
    /// 99 %.
    pub p99: f64,
    /// 99.9 %.
    pub p99_9: f64,
    /// All.
    pub max: f64,
}

/// Why there is no tally.
#[derive(Debug, thiserror::Error)]
pub enum TallyError {
    /// The database.
    #[error("cannot read the table of messages: {0}")]
    Database(#[from] DbError),
    /// An answer that is too long.
    #[error(transparent)]
    Numbers(#[from] NumbersError),
}

/// What `tally` is set up with.
pub struct Tallier {
    postgres: Arc<Postgres>,
}

impl Tallier {
    /// From the environment; see [`Cluster::from_env`] and [`Login::from_env`].
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        Ok(Self::new(Cluster::from_env()?, Login::from_env(config)?))
    }

    /// For a cluster.
    #[must_use]
    pub fn new(cluster: Cluster, login: Login) -> Self {
        let cluster = Cluster { statement_timeout: STATEMENT_TIMEOUT, ..cluster };
        Self { postgres: Arc::new(Postgres::new(cluster, login)) }
    }

    /// Adds up.
    ///
    /// # Errors
    /// [`TallyError`].
    #[must_use]
    pub fn tally<'a>(
        &'a self,
        request: &'a TallyRequest,
        remaining: Duration,
    ) -> LocalBoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let mut driver = SqlxDriver::new(Arc::clone(&self.postgres), &self.postgres.cluster().writer);
            let end = Deadline::after(remaining).work().min(Instant::now() + PATIENCE);
            let limits = Limits { end, statement_timeout: STATEMENT_TIMEOUT };
            let sum =
                retry(&mut driver, limits, is_permanent, async |driver| add_up(driver, request).await).await;
            driver.release();
            let tally = sum.map_err(TallyError::from)?.tally().map_err(TallyError::from)?;
            let percentiles = tally.hops.iter().filter_map(|(hop, latencies)| {
                let summary = latencies.summary("latency", 0)?;
                let (p50, p90, p99) = (summary.p50, summary.p90, summary.p99);
                Some((*hop, Percentiles { p50, p90, p99, p99_9: summary.p99_9, max: summary.max }))
            });
            let latency_ms = percentiles.collect();
            let tally = if request.summary {
                Tally { hops: BTreeMap::new(), numbers: Vec::new(), doubled: Vec::new(), ..tally }
            } else {
                tally
            };
            Ok(Answer { tally, latency_ms })
        })
    }
}

/// Whether waiting makes it no better: no such table, a wrong password.
fn is_permanent(error: &DbError) -> bool {
    matches!(error.retry_action(), RetryAction::Fail | RetryAction::Abort)
}

async fn add_up(driver: &mut SqlxDriver, request: &TallyRequest) -> Result<Sum, DbError> {
    let db = driver.connection()?;
    let mut sum = Sum::new(request);
    let mut rows = match &request.run {
        None => sqlx::query(TALLY_ALL.sql()).fetch(db),
        // In the order of bytes, the full stop follows the hyphen.
        Some(run) => sqlx::query(TALLY_RUN.sql()).bind(format!("{run}-")).bind(format!("{run}.")).fetch(db),
    };
    while let Some(row) = rows.try_next().await? {
        sum.add(&Row::read(&row)?);
    }
    drop(rows);
    Ok(sum)
}
