//! Generated rows: in bulk, by chunks, each its own transaction, so that a call that is cut off loses one of them at most.

use std::time::Instant;

use sqlx::{AssertSqlSafe, PgConnection};

use crate::migrate::MigrateError;

/// Rows per chunk: a second or two on a small cluster.
const CHUNK: u64 = 50_000;

/// A table with generated rows, whose keys are 1, 2, 3, ….
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// The transactions of SELECT and SELECT2.
    Transactions,
    /// pgbench's branches.
    Branches,
    /// pgbench's tellers.
    Tellers,
    /// pgbench's accounts.
    Accounts,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Transactions => "transactions",
            Self::Branches => "pgbench_branches",
            Self::Tellers => "pgbench_tellers",
            Self::Accounts => "pgbench_accounts",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Transactions => "id",
            Self::Branches => "bid",
            Self::Tellers => "tid",
            Self::Accounts => "aid",
        }
    }

    /// Adds the rows with keys from `$1` to `$2` that aren't there; pgbench's are as `pgbench -i` makes them.
    fn insert(self) -> &'static str {
        match self {
            Self::Transactions => {
                "INSERT INTO transactions (id, type_id, date, quantity, amount)
                 SELECT id, 1 + id % 8, DATE '2019-01-01' + (id % 365)::integer, 1 + id * 7 % 100, (id * 7919 % 1000000) / 100.0
                 FROM generate_series($1::bigint, $2::bigint) AS id
                 ON CONFLICT DO NOTHING"
            }
            Self::Branches => {
                "INSERT INTO pgbench_branches (bid, bbalance)
                 SELECT bid, 0 FROM generate_series($1::bigint, $2::bigint) AS bid ON CONFLICT DO NOTHING"
            }
            Self::Tellers => {
                "INSERT INTO pgbench_tellers (tid, bid, tbalance)
                 SELECT tid, (tid - 1) / 10 + 1, 0 FROM generate_series($1::bigint, $2::bigint) AS tid
                 ON CONFLICT DO NOTHING"
            }
            Self::Accounts => {
                "INSERT INTO pgbench_accounts (aid, bid, abalance, filler)
                 SELECT aid, (aid - 1) / 100000 + 1, 0, '' FROM generate_series($1::bigint, $2::bigint) AS aid
                 ON CONFLICT DO NOTHING"
            }
        }
    }
}

/// Adds the rows with keys from 1 to `wanted` that aren't there; returns how many.
///
/// # Errors
/// [`MigrateError::Time`] if `end` comes first, or the database's.
pub async fn fill(
    db: &mut PgConnection,
    table: Table,
    wanted: u64,
    end: Instant,
) -> Result<u64, MigrateError> {
    if table == Table::Transactions {
        reserve_ids(db, wanted).await?;
    }
    let (name, mut added, mut from) = (table.name(), 0, 1);
    while from <= wanted {
        if Instant::now() >= end {
            return Err(MigrateError::Time { table: name, done: from - 1, wanted });
        }
        let to = (from + CHUNK - 1).min(wanted);
        if between(db, table, from, to).await? < to - from + 1 {
            let insert = sqlx::query(table.insert()).bind(from.cast_signed()).bind(to.cast_signed());
            added += insert.execute(&mut *db).await?.rows_affected();
        }
        from = to + 1;
    }
    if added > 0 {
        // Statistics for the planner; visibility for scans of the index alone.
        sqlx::raw_sql(AssertSqlSafe(format!("VACUUM ANALYZE {name}"))).execute(&mut *db).await?;
    }
    tracing::info!(table = name, wanted, added, "generated");
    Ok(added)
}

/// Rows that have been generated; what loads have inserted doesn't count.
///
/// # Errors
/// The database's.
pub async fn count(db: &mut PgConnection, table: Table) -> Result<u64, MigrateError> {
    let rows = format!("SELECT count(*) FROM {}", table.name());
    let rows = if table == Table::Transactions { rows + " WHERE source IS NULL" } else { rows };
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut *db).await?;
    Ok(rows.unsigned_abs())
}

/// Rows with a key in this range.
async fn between(db: &mut PgConnection, table: Table, from: u64, to: u64) -> Result<u64, sqlx::Error> {
    let (name, key) = (table.name(), table.key());
    let count = format!("SELECT count(*) FROM {name} WHERE {key} BETWEEN $1 AND $2");
    let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(count));
    let count = count.bind(from.cast_signed()).bind(to.cast_signed()).fetch_one(db).await?;
    Ok(count.unsigned_abs())
}

/// Lets the ids that a load's INSERTs draw begin above the generated ones, before those are made: a load that runs meanwhile
/// gets in nobody's way.
async fn reserve_ids(db: &mut PgConnection, rows: u64) -> Result<(), sqlx::Error> {
    let set = "SELECT setval('transactions_id_seq', $1) FROM transactions_id_seq WHERE last_value < $1";
    sqlx::query(set).bind(rows.cast_signed()).execute(db).await?;
    Ok(())
}
