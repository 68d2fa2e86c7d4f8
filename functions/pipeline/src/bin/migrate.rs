//! Makes the table of messages: any event → `{migrations}`.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::postgres::Postgres;
use lambda_kit::{Failure, aws, run, until_permitted};
use lambda_runtime::LambdaEvent;
use pipeline::migrate::{Migrated, migrate};
use serde::de::IgnoredAny;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Postgres::from_env(&aws::config().await) }, handle).await
}

async fn handle(postgres: Arc<Postgres>, _: LambdaEvent<IgnoredAny>) -> Result<Migrated, Failure> {
    let migrated = until_permitted(async || migrate(&postgres).await).await?;
    tracing::info!(?migrated, "the schema is up to date");
    Ok(migrated)
}
