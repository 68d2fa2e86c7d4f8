//! Archive contender: every object streamed into one multipart upload, in bounded memory.

use std::process::ExitCode;
use std::sync::Arc;

use aws_sdk_s3::Client;
use lambda_kit::{Failure, aws, remaining};
use lambda_runtime::LambdaEvent;

mod archive;
mod contender;
mod fetch;
mod plan;
mod sink;
mod upload;

use contender::{Archived, Request};

#[tokio::main]
async fn main() -> ExitCode {
    lambda_kit::run(async { Ok(aws::s3(&aws::config().await)) }, handle).await
}

async fn handle(client: Arc<Client>, event: LambdaEvent<Request>) -> Result<Archived, Failure> {
    let remaining = remaining(&event.context);
    let archived = contender::run(&client, event.payload, remaining).await?;
    tracing::info!(?archived, "done");
    Ok(archived)
}
