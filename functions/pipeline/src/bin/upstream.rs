//! Puts a message into the stream: a request of the HTTP API → its response.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use pipeline::upstream::{Request, Response, Upstream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Upstream::from_env(&aws::config().await) }, handle).await
}

async fn handle(upstream: Arc<Upstream>, event: LambdaEvent<Request>) -> Result<Response, Failure> {
    let LambdaEvent { payload, context } = event;
    Ok(upstream.handle(&payload, &context.request_id, remaining(&context)).await)
}
