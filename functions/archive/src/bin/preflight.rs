//! Checks the source bucket before a contest: any event → `{objects, bytes}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::preflight::{SourceTotals, preflight};
use lambda_kit::{Failure, SourceObjects, env, run};
use lambda_runtime::LambdaEvent;
use serde::de::IgnoredAny;

struct Expected {
    sources: SourceObjects,
    count: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(setup(), handle).await
}

async fn setup() -> Result<Expected, Failure> {
    let count = env::setting("OBJECT_COUNT", "the number of source objects")?;
    Ok(Expected { sources: SourceObjects::from_env().await?, count })
}

async fn handle(expected: Arc<Expected>, _: LambdaEvent<IgnoredAny>) -> Result<SourceTotals, Failure> {
    preflight(&expected.sources, expected.count).await
}
