//! What the ledger says of a run: `{run}`, or `{}` for the latest → a tally.

use std::process::ExitCode;
use std::sync::Arc;

use aurora::tally::{Answer, Request, tally};
use lambda_kit::postgres::Postgres;
use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Postgres::from_env(&aws::config().await) }, handle).await
}

async fn handle(postgres: Arc<Postgres>, event: LambdaEvent<Request>) -> Result<Answer, Failure> {
    tally(&postgres, &event.payload, remaining(&event.context)).await
}
