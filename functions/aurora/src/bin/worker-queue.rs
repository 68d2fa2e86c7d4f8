//! Does what messages of the queue ask for: a batch of them → those that have to be delivered again.

use std::process::ExitCode;
use std::sync::Arc;

use aurora::queue::QueueWorker;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_kit::{Failure, aws, remaining, run, sqs};
use lambda_runtime::LambdaEvent;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { QueueWorker::from_env(&aws::config().await) }, handle).await
}

async fn handle(worker: Arc<QueueWorker>, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Failure> {
    let context = &event.context;
    Ok(sqs::each(event.payload, async |message| worker.handle(&message, remaining(context)).await).await)
}
