//! A scenario's schema: its migrations, and the limits of its sessions.

use std::time::Duration;

use futures::future::LocalBoxFuture;
use sqlx::migrate::MigrateError;
use sqlx::{Connection, PgConnection};

use super::Migrations;
use crate::postgres::{ConnectError, Postgres};

/// A function that was killed in mid-transaction must not keep its locks for longer: the Data API would for three minutes.
const IDLE_TRANSACTION: Duration = Duration::from_secs(10);

/// Why the schema could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// No connection.
    #[error("cannot connect to {host}: {source}")]
    Connect {
        /// The host.
        host: String,
        /// Why not.
        source: ConnectError,
    },
    /// A migration.
    #[error("cannot migrate the schema: {0}")]
    Migration(#[from] MigrateError),
    /// The role's settings.
    #[error("cannot limit the role's sessions: {0}")]
    Limits(#[from] sqlx::Error),
}

/// Applies the migrations that are missing and limits the sessions of the role; a second call changes nothing. Returns the
/// connection, which has no statement timeout: building takes longer than a statement of the load may.
///
/// # Errors
/// [`SchemaError`].
#[must_use]
pub fn migrate(
    postgres: &Postgres,
    migrations: Migrations,
) -> LocalBoxFuture<'_, Result<PgConnection, SchemaError>> {
    Box::pin(async move {
        let host = &postgres.cluster().writer;
        let connected = postgres.connect(host).await;
        let mut db = connected.map_err(|source| SchemaError::Connect { host: host.clone(), source })?;
        // Of this session only.
        sqlx::query("SET statement_timeout = 0").execute(&mut db).await?;
        migrations.migrator().run(&mut db).await?;
        limit_sessions(&mut db, postgres.cluster().statement_timeout).await?;
        Ok(db)
    })
}

/// Limits as the role's settings in this database: the only way that reaches the connections of the Data API's pool, which
/// nobody else sets up. Other connections bring their own timeout of statements.
async fn limit_sessions(db: &mut PgConnection, statement: Duration) -> Result<(), sqlx::Error> {
    let mut db = db.begin().await?;
    // Two that alter a role at the same moment get an error: one after the other.
    sqlx::raw_sql("SELECT pg_advisory_xact_lock(hashtext('limit_sessions'))").execute(&mut *db).await?;
    for (setting, limit) in
        [("statement_timeout", statement), ("idle_in_transaction_session_timeout", IDLE_TRANSACTION)]
    {
        // No utility statement takes parameters, and the name of the database isn't ours: the server quotes it.
        let set = sqlx::query_scalar::<_, String>(
            "SELECT format('ALTER ROLE CURRENT_USER IN DATABASE %I SET %I = %s', current_database(), $1, $2::bigint)",
        );
        let millis = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        let set = set.bind(setting).bind(millis).fetch_one(&mut *db).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut *db).await?;
    }
    db.commit().await
}
