//! Removes what runs leave behind: `{prefix}` → `{deleted, aborted}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::cleanup::Cleanup;
use lambda_kit::{Failure, run};
use lambda_runtime::LambdaEvent;
use protocol::archive::{CleanupRequest, Removed};

#[tokio::main]
async fn main() -> ExitCode {
    run(Cleanup::from_env(), handle).await
}

async fn handle(cleanup: Arc<Cleanup>, event: LambdaEvent<CleanupRequest>) -> Result<Removed, Failure> {
    let removed = cleanup.run(&event.payload).await?;
    tracing::info!(prefix = event.payload.prefix, ?removed, "cleaned up");
    Ok(removed)
}
