//! The ramp's worker: one client of one stage, for a fixed time.

use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;
use lambda_kit::sql::{self, DbError};
use lambda_kit::{Deadline, Failure};
use protocol::aurora::{Action, Endpoint, MAX_BATCH, Outcome};
use serde::Deserialize;
use uuid::Uuid;

use crate::action::warm_up;
use crate::attempt::{self, Connections};
use crate::attempt_stats::AttemptStats;
use crate::clock;
use crate::driver::Driver;
use crate::ledger::{self, Source};
use crate::load::{Plan, load};
use crate::pace::Pace;
use crate::worker::{Task, Worker};

/// One worker of one stage.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The run.
    pub run: String,
    /// Number of the stage, from 0.
    pub stage: u32,
    /// Workers of the stage.
    pub clients: u32,
    /// Which of them this is, from 0.
    pub worker: u32,
    /// What to execute.
    pub action: Action,
    /// Where.
    #[serde(rename = "host")]
    pub endpoint: Endpoint,
    /// Rows per INSERT.
    #[serde(default = "single_row")]
    pub batch: u32,
    /// Units per second of the whole stage, open loop; 0 for a closed loop.
    #[serde(default)]
    pub rate: f64,
    /// When the stage starts, ms since 1970.
    pub start_at_ms: u64,
    /// For how long, seconds.
    pub seconds: f64,
}

fn single_row() -> u32 {
    1
}

/// A request that cannot be met.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// Too many rows, or none.
    #[error("batch is {0}, but must be from 1 to {MAX_BATCH}")]
    Batch(u32),
    /// No such worker.
    #[error("worker is {0}, but must be below clients, {1}")]
    Worker(u32, u32),
    /// No such rate.
    #[error("rate is {0}, but must be 0 (closed loop) or above")]
    Rate(f64),
    /// No such time.
    #[error("seconds is {0}, but must be above 0")]
    Seconds(f64),
    /// The reader, over a driver that doesn't reach it.
    #[error("host is reader, but the Data API only reaches the writer")]
    Reader,
}

impl Request {
    fn check(&self, driver: protocol::aurora::Driver) -> Result<(), RequestError> {
        if !(1..=MAX_BATCH).contains(&self.batch) {
            return Err(RequestError::Batch(self.batch));
        }
        if self.worker >= self.clients {
            return Err(RequestError::Worker(self.worker, self.clients));
        }
        if !(self.rate >= 0.0 && self.rate.is_finite()) {
            return Err(RequestError::Rate(self.rate));
        }
        if !(self.seconds > 0.0 && self.seconds <= 900.0) {
            return Err(RequestError::Seconds(self.seconds));
        }
        if driver == protocol::aurora::Driver::DataApi && self.endpoint == Endpoint::Reader {
            return Err(RequestError::Reader);
        }
        Ok(())
    }

    /// The same worker of the same stage of a run has the same source: if it is started again, it goes on.
    fn source(&self, driver: protocol::aurora::Driver) -> Source {
        let (driver, action) = (ledger::text(&driver), ledger::text(&self.action));
        let name = format!("{}/{driver}/{action}/{}/{}", self.run, self.stage, self.worker);
        Source {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()),
            run: self.run.clone(),
            action: self.action,
            wanted: None,
        }
    }
}

/// Works as the request says; whatever the database does, an outcome comes of it.
///
/// # Errors
/// [`RequestError`] if the request makes no sense.
#[must_use]
pub fn work<'a>(
    worker: &'a Worker,
    request: &'a Request,
    remaining: Duration,
) -> LocalBoxFuture<'a, Result<Outcome, Failure>> {
    Box::pin(async move {
        request.check(worker.driver())?;
        let stage = Stage { worker, request, deadline: Deadline::after(remaining) };
        Ok(worker.run(request.endpoint, stage).await)
    })
}

/// A worker's part of a stage.
struct Stage<'a> {
    worker: &'a Worker,
    request: &'a Request,
    deadline: Deadline,
}

impl Task for Stage<'_> {
    type Output = Outcome;

    async fn run<D: Driver>(self, connections: &mut Connections<D>) -> Outcome {
        let mut stats = attempt::new_stats();
        if let Err(error) = self.stage(connections, &mut stats).await {
            tracing::error!(run = self.request.run, %error, "the ledger could not be reached");
        }
        stats.outcome
    }
}

impl Stage<'_> {
    async fn stage<D: Driver>(
        &self,
        connections: &mut Connections<D>,
        stats: &mut AttemptStats,
    ) -> Result<(), DbError> {
        let request = self.request;
        let source = request.source(D::KIND);
        let start = clock::instant_of(request.start_at_ms);
        let until = (start + Duration::from_secs_f64(request.seconds)).min(self.deadline.work());

        let started = attempt::start(connections, &source, stats, until).await?;
        let last = attempt::retry(connections.ledger(), stats, until, async |driver, _| {
            ledger::last(driver, &source, started).await
        });
        let last = last.await?;
        self.warm_up(connections, &source).await;
        stats.outcome.late = u64::from(Instant::now() > start);
        clock::wait_until(start).await;
        load(&mut connections.load, &self.plan(&source, start, until), stats, last.saturating_add(1)..).await;
        attempt::settle(
            connections,
            &source,
            stats,
            true,
            self.deadline.answer(),
            &self.worker.metrics_namespace,
        )
        .await?;
        Ok(())
    }

    fn plan(&self, source: &Source, start: Instant, until: Instant) -> Plan {
        let (request, statement_timeout) = (self.request, self.worker.statement_timeout());
        let batch = request.action.batch(request.batch);
        let pace = if request.rate > 0.0 {
            Pace::open(start, request.rate, batch, request.worker, request.clients)
        } else {
            Pace::Closed
        };
        Plan {
            action: request.action,
            sizes: self.worker.sizes,
            source: source.id,
            batch,
            pace,
            until,
            cut: attempt::cut(&self.deadline).min(until + Plan::patience(request.action, statement_timeout)),
            statement_timeout,
            count_connections_at: (request.worker == 0).then(|| start + (until - start) / 2),
        }
    }

    /// Connects, prepares the statements and fills the server's caches: a unit that is undone. What fails here fails in the
    /// load, too, and is counted there.
    async fn warm_up<D: Driver>(&self, connections: &mut Connections<D>, source: &Source) {
        let driver = &mut connections.load;
        let batch = source.action.batch(self.request.batch);
        let limit = Plan::patience(source.action, self.worker.statement_timeout());
        let result = sql::attempt(driver, limit, async |driver: &mut D| {
            warm_up(driver, source.action, self.worker.sizes, source.id, batch).await
        });
        if result.await.is_err() {
            driver.disconnect().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::aurora::Driver as Kind;

    use super::*;

    fn request() -> Request {
        serde_json::from_str(include_str!("../fixtures/ramp.json")).unwrap()
    }

    #[test]
    fn what_the_state_machine_sends_is_understood() {
        let request = request();
        assert_eq!((request.action, request.endpoint), (Action::Tpcb, Endpoint::Writer));
        assert_eq!(request.check(Kind::DataApi), Ok(()));
    }

    #[test]
    fn each_worker_of_each_stage_and_driver_has_a_source_of_its_own() {
        let first = request();
        let next = [
            Request { worker: 9, ..first.clone() },
            Request { stage: 3, ..first.clone() },
            Request { action: Action::Insert, ..first.clone() },
            Request { run: "b".to_owned(), ..first.clone() },
        ];
        let own = first.source(Kind::Sqlx);
        assert_eq!(own, first.clone().source(Kind::Sqlx));
        assert_ne!(own, first.source(Kind::DataApi));
        assert!(next.iter().all(|request| request.source(Kind::Sqlx).id != own.id));
    }

    #[test]
    fn requests_that_make_no_sense_are_refused() {
        let refused = |change: fn(&mut Request)| {
            let mut request = request();
            change(&mut request);
            request.check(Kind::DataApi).unwrap_err()
        };
        assert_eq!(refused(|request| request.worker = 11), RequestError::Worker(11, 11));
        assert_eq!(refused(|request| request.batch = 0), RequestError::Batch(0));
        assert_eq!(refused(|request| request.rate = -1.0), RequestError::Rate(-1.0));
        assert_eq!(refused(|request| request.seconds = 0.0), RequestError::Seconds(0.0));
        assert_eq!(refused(|request| request.endpoint = Endpoint::Reader), RequestError::Reader);
    }
}
