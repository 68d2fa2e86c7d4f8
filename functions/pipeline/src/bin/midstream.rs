//! Writes messages to the table: a batch of Kinesis records → from where it has to come again.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::streams::KinesisEventResponse;
use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use pipeline::midstream::{KinesisEvent, Midstream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Midstream::from_env(&aws::config().await) }, handle).await
}

async fn handle(
    midstream: Arc<Midstream>,
    event: LambdaEvent<KinesisEvent>,
) -> Result<KinesisEventResponse, Failure> {
    let LambdaEvent { payload, context } = event;
    Ok(midstream.handle(&payload, &context.request_id, remaining(&context)).await)
}
