//! Fills a bucket: `{count, mean_bytes, seed}` → `{objects, bytes, added, removed}`.

use std::process::ExitCode;
use std::sync::Arc;

use fill_bucket::fill;
use lambda_kit::{Failure, SourceObjects, run, until_permitted};
use lambda_runtime::LambdaEvent;
use protocol::fill_bucket::{Filled, Request};

#[tokio::main]
async fn main() -> ExitCode {
    run(SourceObjects::from_env(), handle).await
}

async fn handle(source: Arc<SourceObjects>, event: LambdaEvent<Request>) -> Result<Filled, Failure> {
    let filled = until_permitted(async || fill(&source, event.payload).await).await?;
    tracing::info!(?filled, "the bucket is filled");
    Ok(filled)
}
