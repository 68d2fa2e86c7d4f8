//! Verifies one archive: `{archive_key}` → `{valid, entries, archive_bytes}` or `{valid, reason}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::verify::verify;
use lambda_kit::{Failure, SourceObjects, run};
use lambda_runtime::LambdaEvent;
use protocol::archive::{Verdict, VerifyRequest};

#[tokio::main]
async fn main() -> ExitCode {
    run(SourceObjects::from_env(), handle).await
}

async fn handle(sources: Arc<SourceObjects>, event: LambdaEvent<VerifyRequest>) -> Result<Verdict, Failure> {
    let verdict = verify(&sources, &event.payload).await?;
    tracing::info!(key = event.payload.archive_key, ?verdict, "verified");
    Ok(verdict)
}
