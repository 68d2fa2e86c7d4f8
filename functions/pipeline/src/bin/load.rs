//! A worker of a load: `{load: {run, schedule, …}, worker, start_at_ms}` → a report of what became of its requests.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, run};
use lambda_runtime::LambdaEvent;
use load::{Report, Task};
use pipeline::load_worker::LoadWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { LoadWorker::from_env(&aws::config().await) }, handle).await
}

async fn handle(worker: Arc<LoadWorker>, event: LambdaEvent<Task>) -> Result<Report, Failure> {
    Ok(worker.work(event.payload).await?)
}
