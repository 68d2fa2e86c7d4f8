//! Checks the source bucket before a contest: any event → `{objects, bytes}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::prepare::{Prepared, prepare};
use lambda_kit::{Failure, SourceObjects, env, run};
use lambda_runtime::LambdaEvent;
use serde::de::IgnoredAny;

struct Expected {
    source: SourceObjects,
    count: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(setup(), handle).await
}

async fn setup() -> Result<Expected, Failure> {
    let count = env::setting("OBJECT_COUNT", "the number of source objects")?;
    Ok(Expected { source: SourceObjects::from_env().await?, count })
}

async fn handle(expected: Arc<Expected>, _: LambdaEvent<IgnoredAny>) -> Result<Prepared, Failure> {
    prepare(&expected.source, expected.count).await
}
