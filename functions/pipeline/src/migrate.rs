//! Makes the table of messages.

use futures::future::LocalBoxFuture;
use lambda_kit::postgres::Postgres;
use lambda_kit::{Failure, sql};
use serde::Serialize;

lambda_kit::migrations! { "pipeline"; "0001_messages", "0002_requests", }

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
#[must_use]
pub fn migrate(postgres: &Postgres) -> LocalBoxFuture<'_, Result<Migrated, Failure>> {
    Box::pin(async move {
        sql::migrate(postgres, MIGRATIONS).await?;
        Ok(Migrated { migrations: MIGRATIONS.count() as u64 })
    })
}
