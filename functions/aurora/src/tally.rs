//! What the ledger says of a run, once what killed workers left is counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use futures::future::LocalBoxFuture;
use lambda_kit::postgres::Postgres;
use lambda_kit::sql::{Cell, DbError, SqlxDriver, Value};
use lambda_kit::{Deadline, Failure};
use protocol::aurora::{Action, ActionTally, Driver as Kind, Outcome, Tally, TallyRequest};
use protocol::summary::Summary;
use serde::Serialize;
use uuid::Uuid;

use crate::attempt::{self, Connections};
use crate::attempt_stats::AttemptStats;
use crate::driver::Driver;
use crate::ledger::Source;
use crate::metrics;
use crate::statements::{TALLY_ATTEMPTS, TALLY_DONE, TALLY_LATEST, TALLY_SOURCES, TALLY_UNSETTLED};

/// A [`Tally`], with percentiles for people.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// The run.
    pub run: String,
    /// Messages (queue) or workers (ramp) that are done.
    pub done: u64,
    /// Those that have started and not ended, or never will.
    pub unfinished: u64,
    /// Those of the sources that were asked for that are done.
    pub done_sources: Vec<String>,
    /// By action.
    pub actions: Vec<ActionAnswer>,
}

/// One action of a run.
#[derive(Debug, Clone, Serialize)]
pub struct ActionAnswer {
    /// The figures.
    #[serde(flatten)]
    pub tally: ActionTally,
    /// The latencies' percentiles, ms; none without latencies.
    pub latency_ms: Option<Summary>,
}

/// There is no run.
#[derive(Debug, thiserror::Error)]
#[error("the ledger has no run yet: start one first")]
pub struct NoRunError;

/// What asks the ledger.
pub struct TallyReader {
    /// The database.
    pub postgres: Arc<Postgres>,
    /// Where CloudWatch has the metrics of what it counts itself.
    pub metrics_namespace: String,
}

impl TallyReader {
    /// From the environment; see [`Postgres::from_env`], and `METRICS_NAMESPACE`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let postgres = Arc::new(Postgres::from_env(config)?);
        Ok(Self { postgres, metrics_namespace: metrics::namespace()? })
    }

    /// Counts what isn't counted yet, and adds up.
    ///
    /// # Errors
    /// The database's, or [`NoRunError`].
    #[must_use]
    pub fn tally<'a>(
        &'a self,
        request: &'a TallyRequest,
        remaining: Duration,
    ) -> LocalBoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let load = SqlxDriver::new(Arc::clone(&self.postgres), &self.postgres.cluster().writer);
            let mut connections = Connections { load, ledger: None };
            let answer = self.run(&mut connections, request, remaining).await;
            connections.load.release();
            answer
        })
    }

    async fn run<D: Driver>(
        &self,
        connections: &mut Connections<D>,
        request: &TallyRequest,
        remaining: Duration,
    ) -> Result<Answer, Failure> {
        connections.load.connect().await?;
        let run = match &request.run {
            Some(run) => run.clone(),
            None => latest(&mut connections.load).await?.ok_or(NoRunError)?,
        };
        settle(connections, &run, &self.metrics_namespace, Deadline::after(remaining)).await?;
        let tally = add_up(&mut connections.load, &run).await?;
        let done_sources = done_of(&mut connections.load, &run, &request.sources).await?;
        let actions = tally.actions.into_iter().map(|tally| ActionAnswer {
            latency_ms: tally.outcome.latency.summary("latency", tally.outcome.failures()),
            tally,
        });
        Ok(Answer {
            run: tally.run,
            done: tally.done,
            unfinished: tally.unfinished,
            done_sources,
            actions: actions.collect(),
        })
    }
}

async fn latest<D: Driver>(driver: &mut D) -> Result<Option<String>, DbError> {
    let rows = driver.fetch(&TALLY_LATEST, &[]).await?;
    Ok(rows.first().and_then(|row| row.first()).map(|run| run.text().to_owned()))
}

/// Counts the units of sources whose worker was killed before it could.
async fn settle<D: Driver>(
    connections: &mut Connections<D>,
    run: &str,
    metrics_namespace: &str,
    deadline: Deadline,
) -> Result<(), DbError> {
    for row in connections.load.fetch(&TALLY_UNSETTLED, &[Value::Text(run)]).await? {
        let [id, action] = row.as_slice() else { continue };
        let (Ok(id), Some(action)) = (id.text().parse(), named::<Action>(action)) else { continue };
        let source = Source { id, run: run.to_owned(), action, wanted: None };
        let mut stats = AttemptStats::default();
        attempt::settle(connections, &source, &mut stats, false, deadline.answer(), metrics_namespace)
            .await?;
        tracing::warn!(run, source = %id, completions = stats.outcome.completions, "counted what a killed worker left");
    }
    Ok(())
}

async fn add_up<D: Driver>(driver: &mut D, run: &str) -> Result<Tally, DbError> {
    let mut tally = Tally { run: run.to_owned(), ..Tally::default() };
    let mut outcomes: BTreeMap<(Action, Kind), Outcome> = BTreeMap::new();
    for row in driver.fetch(&TALLY_ATTEMPTS, &[Value::Text(run)]).await? {
        let [action, driver, outcome] = row.as_slice() else { continue };
        let (Some(action), Some(driver)) = (named(action), named(driver)) else { continue };
        let outcome: Outcome = serde_json::from_str(outcome.text()).map_err(|error| {
            DbError::new("XX000", format!("an attempt's outcome cannot be read: {error}"))
        })?;
        outcomes.entry((action, driver)).or_default().merge(&outcome);
    }
    for row in driver.fetch(&TALLY_SOURCES, &[Value::Text(run)]).await? {
        let [action, driver, done, unfinished, rows] = row.as_slice() else { continue };
        let (Some(action), Some(driver)) = (named(action), named(driver)) else { continue };
        tally.done += done.int().unsigned_abs();
        tally.unfinished += unfinished.int().unsigned_abs();
        let rows = (!Action::reads(action)).then(|| rows.int().unsigned_abs());
        let outcome = outcomes.remove(&(action, driver)).unwrap_or_default();
        tally.actions.push(ActionTally { action, driver, outcome, rows });
    }
    Ok(tally)
}

/// Which of some sources are done; what is no id is none of them.
async fn done_of<D: Driver>(driver: &mut D, run: &str, sources: &[String]) -> Result<Vec<String>, DbError> {
    let ids: Vec<&str> =
        sources.iter().map(String::as_str).filter(|id| Uuid::try_parse(id).is_ok()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = driver.fetch(&TALLY_DONE, &[Value::Text(run), Value::Text(&ids.join(","))]).await?;
    Ok(rows.iter().filter_map(|row| row.first()).map(|id| id.text().to_owned()).collect())
}

fn named<T: serde::de::DeserializeOwned>(cell: &Cell) -> Option<T> {
    serde_json::from_value(cell.text().into()).ok()
}
