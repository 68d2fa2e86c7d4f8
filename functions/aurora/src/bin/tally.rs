//! What the ledger says of a run: `{run}`, or `{}` for the latest → a tally.

use std::process::ExitCode;
use std::sync::Arc;

use aurora::tally::{Answer, TallyReader};
use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use protocol::aurora::TallyRequest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { TallyReader::from_env(&aws::config().await) }, handle).await
}

async fn handle(reader: Arc<TallyReader>, event: LambdaEvent<TallyRequest>) -> Result<Answer, Failure> {
    reader.tally(&event.payload, remaining(&event.context)).await
}
