//! Stores messages as rows: a batch of the table's stream → from where it has to come again.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::DynamoDbEventResponse;
use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use pipeline::downstream::Downstream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Downstream::from_env(&aws::config().await) }, handle).await
}

async fn handle(
    downstream: Arc<Downstream>,
    event: LambdaEvent<Event>,
) -> Result<DynamoDbEventResponse, Failure> {
    let LambdaEvent { payload, context } = event;
    Ok(downstream.handle(&payload, &context.request_id, remaining(&context)).await)
}
