//! What the table says: `{run, measured_from}`, or `{}` for all messages → a tally.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use pipeline::tally::{Answer, Tallier};
use protocol::pipeline::TallyRequest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Tallier::from_env(&aws::config().await) }, handle).await
}

async fn handle(tallier: Arc<Tallier>, event: LambdaEvent<Option<TallyRequest>>) -> Result<Answer, Failure> {
    tallier.tally(&event.payload.unwrap_or_default(), remaining(&event.context)).await
}
