//! Work as the functions do it, on a test's server.

use std::sync::Arc;
use std::time::Duration;

use aurora::action::Sizes;
use aurora::clock;
use aurora::job::Job;
use aurora::ledger::Source;
use aurora::migrate::{self, migrate};
use aurora::queue::{Message, Unfinished};
use aurora::ramp::{self, work};
use aurora::tally::{Answer, TallyReader};
use aurora::worker::Worker;
use lambda_kit::Deadline;
use lambda_kit::postgres::Postgres;
use lambda_kit::sql::SqlTransport;
use protocol::aurora::{Action, Endpoint, Outcome, TallyRequest};
use sqlx::PgConnection;
use test_kit::postgres::Server;
use uuid::Uuid;

const NAMESPACE: &str = "PERFORMANCE/AURORA/shop";
pub const SIZES: Sizes = Sizes { rows: 500, scale: 1 };
/// What an invocation has left; tests of time have less.
pub const REMAINING: Duration = Duration::from_mins(1);

/// A worker on the server, as one environment of the function has it.
pub fn worker(postgres: Arc<Postgres>) -> Worker {
    Worker {
        cluster: postgres.cluster().clone(),
        sizes: SIZES,
        transport: SqlTransport::Sqlx(postgres),
        metrics_namespace: NAMESPACE.to_owned(),
    }
}

/// Schema and rows.
pub async fn prepare(server: &Server) {
    let request = migrate::Request { rows: 500, scale: 1 };
    migrate(&server.postgres(), request, REMAINING).await.unwrap();
}

pub fn source(action: Action, wanted: u32) -> Source {
    Source { id: Uuid::from_u128(fastrand::u128(..)), run: "r".to_owned(), action, wanted: Some(wanted) }
}

/// Handles a message for this source.
pub async fn attempt(worker: &Worker, source: &Source, batch: u32) -> Result<(), Unfinished> {
    attempt_within(worker, source, batch, REMAINING).await
}

pub async fn attempt_within(
    worker: &Worker,
    source: &Source,
    batch: u32,
    remaining: Duration,
) -> Result<(), Unfinished> {
    let job = Job { source: source.clone(), endpoint: Endpoint::Writer, batch };
    worker.run(Endpoint::Writer, Message { worker, job, deadline: Deadline::after(remaining) }).await
}

/// A ramp of one stage with one worker.
pub fn ramp(run: &str, action: Action, seconds: f64) -> ramp::Request {
    ramp::Request {
        run: run.to_owned(),
        stage: 0,
        clients: 1,
        worker: 0,
        action,
        endpoint: Endpoint::Writer,
        batch: 1,
        rate: 0.0,
        start_at_ms: clock::now_ms() + 200,
        seconds,
    }
}

pub async fn ramped(worker: &Worker, request: &ramp::Request) -> Outcome {
    work(worker, request, REMAINING).await.unwrap()
}

pub async fn tallied(server: &Server, run: Option<&str>) -> Answer {
    ask(server, TallyRequest { run: run.map(str::to_owned), sources: Vec::new() }).await
}

/// Those of some sources that are done.
pub async fn done_of(server: &Server, run: &str, sources: &[String]) -> Vec<String> {
    ask(server, TallyRequest { run: Some(run.to_owned()), sources: sources.to_vec() }).await.done_sources
}

async fn ask(server: &Server, request: TallyRequest) -> Answer {
    let reader = TallyReader { postgres: server.postgres(), metrics_namespace: NAMESPACE.to_owned() };
    reader.tally(&request, REMAINING).await.unwrap()
}

pub async fn number(connection: &mut PgConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(connection).await.unwrap()
}

/// Waits for a condition in the database, ten seconds at most.
pub async fn until(connection: &mut PgConnection, query: &'static str) {
    let condition = async {
        while !sqlx::query_scalar::<_, bool>(query).fetch_one(&mut *connection).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), condition)
        .await
        .unwrap_or_else(|_| panic!("never: {query}"));
}
