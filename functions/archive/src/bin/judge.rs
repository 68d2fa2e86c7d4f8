//! Judges one archive: `{archive_key}` → `{valid, entries, archive_bytes}` or `{valid, reason}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::judge::{Request, Verdict, judge};
use lambda_kit::{Failure, SourceObjects, run};
use lambda_runtime::LambdaEvent;

#[tokio::main]
async fn main() -> ExitCode {
    run(SourceObjects::from_env(), handle).await
}

async fn handle(source: Arc<SourceObjects>, event: LambdaEvent<Request>) -> Result<Verdict, Failure> {
    let verdict = judge(&source, &event.payload).await?;
    tracing::info!(key = event.payload.archive_key, ?verdict, "judged");
    Ok(verdict)
}
