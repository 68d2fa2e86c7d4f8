//! Lists a bucket into a queue: `{"run", "prefix", "modifiedWithinHours", "maxObjects", "continuation"}`, each of which may be
//! left out → how many messages were sent, and where to go on.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, remaining};
use lambda_runtime::LambdaEvent;
use protocol::s3_read::{GeneratorReport, GeneratorRequest};
use s3_read::generator::Generator;
use s3_read::runtime::run;

fn main() -> ExitCode {
    run(async { Generator::from_env(&aws::config().await).await }, handle)
}

async fn handle(
    generator: Arc<Generator>,
    event: LambdaEvent<GeneratorRequest>,
) -> Result<GeneratorReport, Failure> {
    let report = generator.handle(event.payload, remaining(&event.context)).await?;
    Ok(GeneratorReport { request_id: event.context.request_id, ..report })
}
