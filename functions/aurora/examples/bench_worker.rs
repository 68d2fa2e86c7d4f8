//! Runs the ramp worker's own loop, each client a process as in Lambda, and prints the merged outcome as JSON: what the
//! driver reaches where no invocation is in the way, to compare with pgbench on the same server.
//!
//! `bench_worker ACTION CLIENTS SECONDS [BATCH]` with the environment of the function `aurora-worker-ramp`, but `PGUSER` and
//! `PGPASSWORD` instead of `SECRET_ARN`.

use std::error::Error;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aurora::action::Sizes;
use aurora::clock::now_ms;
use aurora::ramp::{Request, work};
use aurora::worker::{Road, Worker};
use lambda_kit::env::setting;
use lambda_kit::postgres::{Cluster, Credentials, Login, Postgres};
use results::load::Outcome;

/// Time for every client to connect.
const START_MS: u64 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["client", request] => client(request),
        [action, clients, seconds] => all(action, clients.parse()?, seconds.parse()?, 1),
        [action, clients, seconds, batch] => all(action, clients.parse()?, seconds.parse()?, batch.parse()?),
        _ => Err("usage: bench_worker ACTION CLIENTS SECONDS [BATCH]".into()),
    }
}

fn all(action: &str, clients: u32, seconds: f64, batch: u32) -> Result<(), Box<dyn Error>> {
    let (run, start_at_ms) = (format!("bench-{}", now_ms()), now_ms() + START_MS);
    let start = |worker| {
        let request = serde_json::json!({
            "run": run, "stage": 0, "clients": clients, "worker": worker, "action": action, "host": "writer",
            "batch": batch, "rate": 0, "start_at_ms": start_at_ms, "seconds": seconds,
        });
        let program = std::env::current_exe()?;
        Command::new(program).args(["client", &request.to_string()]).stdout(Stdio::piped()).spawn()
    };
    let workers = (0..clients).map(start).collect::<Result<Vec<_>, _>>()?;
    let mut merged = Outcome::default();
    for worker in workers {
        let output = worker.wait_with_output()?;
        // The outcome is the last line; before it stand the metrics.
        let text = String::from_utf8(output.stdout)?;
        merged.merge(&serde_json::from_str(text.lines().last().ok_or("a client has failed")?)?);
    }
    println!("{}", serde_json::to_string(&merged)?);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn client(request: &str) -> Result<(), Box<dyn Error>> {
    let request: Request = serde_json::from_str(request)?;
    let cluster = Cluster::from_env().map_err(|failure| failure.to_string())?;
    let login = Login::Known(Credentials {
        username: setting("PGUSER", "the role")?,
        password: setting("PGPASSWORD", "its password")?,
    });
    let sizes = Sizes {
        rows: setting("ROWS", "how many transactions are generated")?,
        scale: setting("SCALE", "pgbench's scale")?,
    };
    let road = Road::Sqlx(Arc::new(Postgres::new(cluster.clone(), login)));
    let remaining = Duration::from_secs_f64(request.seconds) + Duration::from_mins(1);
    let outcome = work(&Worker { cluster, sizes, road }, &request, remaining).await;
    println!("{}", serde_json::to_string(&outcome.map_err(|failure| failure.to_string())?)?);
    Ok(())
}
