//! Adds up what workers, or groups of them, did: `[outcome, …]` → an outcome.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, run};
use lambda_runtime::LambdaEvent;
use protocol::aurora::Outcome;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Ok(()) }, handle).await
}

async fn handle(_: Arc<()>, event: LambdaEvent<Vec<Outcome>>) -> Result<Outcome, Failure> {
    let mut all = Outcome::default();
    event.payload.iter().for_each(|outcome| all.merge(outcome));
    Ok(all)
}
