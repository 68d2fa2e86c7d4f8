//! Splits an event of many items, and handles an event of one: by `EventBridge`, by the queue, or invoked directly.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;
use splitter::worker::{Answer, Worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Worker::from_env(&aws::config().await) }, handle).await
}

async fn handle(worker: Arc<Worker>, event: LambdaEvent<Box<RawValue>>) -> Result<Answer, Failure> {
    let LambdaEvent { payload, context } = event;
    worker.handle(payload.get(), &context.request_id, remaining(&context)).await
}
