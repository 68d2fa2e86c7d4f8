//! Removes what runs leave behind: `{prefix}` → `{deleted, aborted}`.

use std::process::ExitCode;
use std::sync::Arc;

use archive::sweep::{Request, Swept, sweep};
use aws_sdk_s3::Client;
use lambda_kit::{Failure, aws, env, run};
use lambda_runtime::LambdaEvent;

struct Place {
    client: Client,
    bucket: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(setup(), handle).await
}

async fn setup() -> Result<Place, Failure> {
    let bucket = env::setting("BUCKET", "the bucket's name")?;
    Ok(Place { client: aws::s3(&aws::config().await), bucket })
}

async fn handle(place: Arc<Place>, event: LambdaEvent<Request>) -> Result<Swept, Failure> {
    let swept = sweep(&place.client, &place.bucket, &event.payload).await?;
    tracing::info!(prefix = event.payload.prefix, ?swept, "swept");
    Ok(swept)
}
