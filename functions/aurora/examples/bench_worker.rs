//! Runs the ramp worker's own loop, each client on a thread and a runtime of its own, and prints the merged outcome as JSON: what
//! the driver reaches where no invocation is in the way, to compare with pgbench (`-j` = `-c`) on the same server.
//!
//! `bench_worker ACTION CLIENTS SECONDS [BATCH]` with the environment of the function `aurora-worker-ramp`, but `PGUSER` and
//! `PGPASSWORD` instead of `SECRET_ARN`. The outcome is the last line; before it stand the metrics.

use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use aurora::action::Sizes;
use aurora::clock::now_ms;
use aurora::ramp::{Request, work};
use aurora::worker::Worker;
use lambda_kit::env::setting;
use lambda_kit::postgres::{Cluster, Credentials, Login, Postgres};
use lambda_kit::sql::SqlTransport;
use protocol::aurora::Outcome;

type AnyError = Box<dyn Error + Send + Sync>;

/// Time for the clients to connect, ms.
const START_MS: u64 = 1000;
/// More of it for each of them, ms.
const START_MS_PER_CLIENT: u64 = 100;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (action, clients, seconds, batch) = match &arguments[..] {
        [action, clients, seconds] => (action, clients, seconds, "1"),
        [action, clients, seconds, batch] => (action, clients, seconds, batch.as_str()),
        _ => return Err("usage: bench_worker ACTION CLIENTS SECONDS [BATCH]".into()),
    };
    let (clients, seconds, batch): (u64, f64, u32) = (clients.parse()?, seconds.parse()?, batch.parse()?);
    let run = format!("bench-{}", now_ms());
    let start_at_ms = now_ms() + START_MS + clients * START_MS_PER_CLIENT;
    let threads: Vec<_> = (0..clients)
        .map(|worker| {
            let request = serde_json::json!({
                "run": run, "stage": 0, "clients": clients, "worker": worker, "action": action, "host": "writer",
                "batch": batch, "start_at_ms": start_at_ms, "seconds": seconds,
            });
            thread::spawn(move || client(request))
        })
        .collect();
    let mut merged = Outcome::default();
    for thread in threads {
        merged.merge(&thread.join().map_err(|_| "a client has panicked")??);
    }
    println!("{}", serde_json::to_string(&merged)?);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn client(request: serde_json::Value) -> Result<Outcome, AnyError> {
    let request: Request = serde_json::from_value(request)?;
    let cluster = Cluster::from_env().map_err(|failure| failure.to_string())?;
    let login = Login::Known(Credentials {
        username: setting("PGUSER", "the role")?,
        password: setting("PGPASSWORD", "its password")?,
    });
    let sizes = Sizes {
        rows: setting("ROWS", "how many transactions are generated")?,
        scale: setting("SCALE", "pgbench's scale")?,
    };
    let transport = SqlTransport::Sqlx(Arc::new(Postgres::new(cluster.clone(), login)));
    let remaining = Duration::from_secs_f64(request.seconds) + Duration::from_mins(1);
    let worker = Worker { cluster, sizes, transport, metrics_namespace: "lambench/bench".to_owned() };
    let outcome = Box::pin(work(&worker, &request, remaining)).await;
    outcome.map_err(|failure| failure.to_string().into())
}
