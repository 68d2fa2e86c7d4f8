//! Scores a contest: `{contenders}` → `{success, failure, warnings}`, the cheapest first.

use std::process::ExitCode;
use std::sync::Arc;

use archive::contest::Scorer;
use archive::score::Request;
use lambda_kit::{Failure, aws, env, run};
use lambda_runtime::LambdaEvent;
use results::scenario::archive::Contest;

#[tokio::main]
async fn main() -> ExitCode {
    run(setup(), handle).await
}

async fn setup() -> Result<Scorer, Failure> {
    let max_run_seconds = env::setting("MAX_RUN_SECONDS", "a whole number of seconds")?;
    let config = aws::config().await;
    let lambda = aws_sdk_lambda::Client::new(&config);
    Ok(Scorer { lambda, logs: aws_sdk_cloudwatchlogs::Client::new(&config), max_run_seconds })
}

async fn handle(scorer: Arc<Scorer>, event: LambdaEvent<Request>) -> Result<Contest, Failure> {
    scorer.score(&event.payload).await
}
