//! Lists a bucket into a queue: `{"run", "prefix", "modifiedWithinHours", "maxObjects", "continuation"}`, each of which may be
//! left out → how many messages were sent, and where to go on.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use s3_read::generate::{Generator, Report, Request};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Generator::from_env(&aws::config().await).await }, handle).await
}

async fn handle(generator: Arc<Generator>, event: LambdaEvent<Request>) -> Result<Report, Failure> {
    generator.handle(event.payload, remaining(&event.context)).await
}
