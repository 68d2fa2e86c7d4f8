//! Fills the source bucket: `{count, mean_bytes, seed}` → `{objects, bytes, added, removed}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::fill::{Filled, Request, Source, fill};
use lambda_kit::{Failure, run};
use lambda_runtime::LambdaEvent;

#[tokio::main]
async fn main() -> ExitCode {
    run(Source::from_env(), handle).await
}

async fn handle(source: Arc<Source>, event: LambdaEvent<Request>) -> Result<Filled, Failure> {
    let filled = fill(&source, event.payload).await?;
    tracing::info!(?filled, "the source bucket is filled");
    Ok(filled)
}
