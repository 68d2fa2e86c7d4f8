//! One worker of one stage of a ramp: `{run, stage, clients, worker, action, host, …}` → an outcome.

use std::process::ExitCode;
use std::sync::Arc;

use aurora::ramp::{Request, work};
use aurora::worker::Worker;
use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use protocol::aurora::Outcome;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Worker::from_env(&aws::config().await) }, handle).await
}

async fn handle(worker: Arc<Worker>, event: LambdaEvent<Request>) -> Result<Outcome, Failure> {
    work(&worker, &event.payload, remaining(&event.context)).await
}
