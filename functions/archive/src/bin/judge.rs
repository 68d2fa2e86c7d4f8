//! Judges one archive: `{archive_key}` → `{valid, entries, archive_bytes}` or `{valid, reason}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::fill::Source;
use archive::judge::{Request, Verdict, judge};
use lambda_kit::{Failure, run};
use lambda_runtime::LambdaEvent;

#[tokio::main]
async fn main() -> ExitCode {
    run(Source::from_env(), handle).await
}

async fn handle(source: Arc<Source>, event: LambdaEvent<Request>) -> Result<Verdict, Failure> {
    let verdict = judge(&source.client, &source.bucket, &source.key_prefix(), &event.payload).await?;
    tracing::info!(key = event.payload.archive_key, ?verdict, "judged");
    Ok(verdict)
}
