//! Brings the database into form: `{rows, scale}` → `{migrations, rows, accounts, added_rows, added_accounts}`.

use std::process::ExitCode;
use std::sync::Arc;

use aurora::migrate::{Migrated, Request, migrate};
use lambda_kit::postgres::Postgres;
use lambda_kit::{Failure, aws, remaining, run, until_permitted};
use lambda_runtime::LambdaEvent;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Postgres::from_env(&aws::config().await) }, handle).await
}

async fn handle(postgres: Arc<Postgres>, event: LambdaEvent<Request>) -> Result<Migrated, Failure> {
    let work = async || migrate(&postgres, event.payload, remaining(&event.context)).await;
    let migrated = until_permitted(work).await?;
    tracing::info!(?migrated, "the database is ready");
    Ok(migrated)
}
