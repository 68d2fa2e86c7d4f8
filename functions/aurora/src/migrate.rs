//! Brings the database into form: schema, settings of the role, generated rows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;
use lambda_kit::postgres::Postgres;
use lambda_kit::{Failure, sql};
use serde::{Deserialize, Serialize};

use crate::generate::{self, Table};

lambda_kit::migrations! { "aurora"; "0001_transactions", "0002_pgbench", "0003_ledger", }
/// Left of an invocation when generation stops: a chunk and the clean-up take seconds.
const RESERVE: Duration = Duration::from_secs(20);
/// Keys are `integer`s.
const MAX_ROWS: u64 = 1_000_000_000;
/// pgbench's accounts have `integer` keys up to this scale.
const MAX_SCALE: u64 = 20_000;

/// What the database is to have.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Request {
    /// Transactions for SELECT and SELECT2.
    pub rows: u64,
    /// pgbench's scale.
    pub scale: u64,
}

/// What the database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Migrations applied, since ever.
    pub migrations: u64,
    /// Transactions generated, since ever.
    pub rows: u64,
    /// Accounts.
    pub accounts: u64,
    /// Transactions generated now.
    pub added_rows: u64,
    /// Accounts generated now.
    pub added_accounts: u64,
}

/// Why the database isn't in form.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A setting out of range.
    #[error("{name} is {value}, but must be from 1 to {max}")]
    Range {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: u64,
        /// The largest.
        max: u64,
    },
    /// Time is up.
    #[error(
        "{done} of {wanted} rows of {table} are there, and time is up: run aurora-migrate again, it \
         continues from there, or give it more time"
    )]
    Time {
        /// The table.
        table: &'static str,
        /// Rows that are there.
        done: u64,
        /// Rows that are wanted.
        wanted: u64,
    },
    /// The schema.
    #[error(transparent)]
    Schema(#[from] sql::SchemaError),
    /// A statement.
    #[error("cannot generate rows: {0}")]
    Database(#[from] sqlx::Error),
}

/// Migrates, and generates what is missing; a second call changes nothing, and a call after one that was cut off goes on.
///
/// # Errors
/// [`MigrateError`].
pub fn migrate(
    postgres: &Arc<Postgres>,
    request: Request,
    remaining: Duration,
) -> LocalBoxFuture<'_, Result<Migrated, Failure>> {
    Box::pin(
        async move { Ok(run(postgres, request, Instant::now() + remaining.saturating_sub(RESERVE)).await?) },
    )
}

async fn run(postgres: &Postgres, request: Request, end: Instant) -> Result<Migrated, MigrateError> {
    check("rows", request.rows, MAX_ROWS)?;
    check("scale", request.scale, MAX_SCALE)?;
    let db = &mut sql::migrate(postgres, MIGRATIONS).await?;
    let added_rows = generate::fill(db, Table::Transactions, request.rows, end).await?;
    generate::fill(db, Table::Branches, request.scale, end).await?;
    generate::fill(db, Table::Tellers, request.scale * 10, end).await?;
    let added_accounts = generate::fill(db, Table::Accounts, request.scale * 100_000, end).await?;
    Ok(Migrated {
        migrations: MIGRATIONS.count() as u64,
        rows: generate::count(db, Table::Transactions).await?,
        accounts: generate::count(db, Table::Accounts).await?,
        added_rows,
        added_accounts,
    })
}

fn check(name: &'static str, value: u64, max: u64) -> Result<(), MigrateError> {
    if (1..=max).contains(&value) { Ok(()) } else { Err(MigrateError::Range { name, value, max }) }
}
