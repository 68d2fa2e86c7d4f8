//! Reads the objects that messages of the queue name: a batch of them → those that have to be delivered again.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_kit::{Failure, aws, remaining};
use lambda_runtime::LambdaEvent;
use s3_read::reader::Reader;
use s3_read::runtime::run;

fn main() -> ExitCode {
    run(async { Reader::from_env(&aws::config().await).await }, handle)
}

async fn handle(reader: Arc<Reader>, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Failure> {
    let (remaining, request_id) = (remaining(&event.context), event.context.request_id);
    Ok(reader.handle(event.payload, request_id, remaining).await)
}
