//! Makes the table of messages.

use lambda_kit::postgres::Postgres;
use lambda_kit::{Failure, sql};
use serde::Serialize;
use sqlx::migrate::Migrator;

/// The migrations of `sql/pipeline/migrations/`.
static MIGRATOR: Migrator = sqlx::migrate!("../../sql/pipeline/migrations");

/// What the database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Migrations applied, since ever.
    pub migrations: u64,
}

/// Brings the schema up to date; a second call changes nothing.
///
/// # Errors
/// If the database cannot be reached or refuses.
pub async fn migrate(postgres: &Postgres) -> Result<Migrated, Failure> {
    sql::migrate(postgres, &MIGRATOR).await?;
    Ok(Migrated { migrations: MIGRATOR.iter().count() as u64 })
}
