//! PostgreSQL's own protocol: prepared statements on one connection.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgRow, Postgres as Db};
use sqlx::query::Query;
use sqlx::{Column, Connection, Executor, PgConnection, Row as _, TypeInfo, ValueRef};

use super::{Cell, DbError, Driver, Statement, Value};
use crate::postgres::Postgres;

/// A kept connection that doesn't answer within this is dead.
const PING: Duration = Duration::from_secs(2);
/// A host that accepts no connection within this is not going to.
const CONNECT: Duration = Duration::from_secs(5);

/// One connection to one host, kept warm between invocations.
pub struct SqlxDriver {
    postgres: Arc<Postgres>,
    host: String,
    connection: Option<PgConnection>,
    opened: u64,
}

impl SqlxDriver {
    /// The driver for a host of the cluster.
    #[must_use]
    pub fn new(postgres: Arc<Postgres>, host: &str) -> Self {
        Self { postgres, host: host.to_owned(), connection: None, opened: 0 }
    }

    /// Releases the connection for the next invocation. Only for one on which nothing is under way.
    pub fn release(mut self) {
        if let Some(connection) = self.connection.take() {
            self.postgres.keep(&self.host, connection);
        }
    }

    /// The connection, for what only PostgreSQL's own protocol can.
    ///
    /// # Errors
    /// If there is none.
    pub fn connection(&mut self) -> Result<&mut PgConnection, DbError> {
        self.connection.as_mut().ok_or_else(|| DbError::new("connection", "not connected"))
    }

    async fn simple(&mut self, sql: &'static str) -> Result<(), DbError> {
        self.connection()?.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
    }
}

impl Driver for SqlxDriver {
    async fn connect(&mut self) -> Result<(), DbError> {
        if self.connection.is_some() {
            return Ok(());
        }
        if let Some(mut kept) = self.postgres.take(&self.host)
            && let Ok(Ok(())) = tokio::time::timeout(PING, kept.ping()).await
        {
            self.connection = Some(kept);
            return Ok(());
        }
        let connected = tokio::time::timeout(CONNECT, self.postgres.connect(&self.host)).await;
        let late = |_| DbError::new("timeout", format!("no connection to {} within {CONNECT:?}", self.host));
        self.connection = Some(connected.map_err(late)??);
        self.opened += 1;
        Ok(())
    }

    async fn execute(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, DbError> {
        let query = bind(statement, values);
        Ok(query.execute(self.connection()?).await?.rows_affected())
    }

    async fn fetch(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DbError> {
        let rows = bind(statement, values).fetch_all(self.connection()?).await?;
        rows.iter().map(cells).collect()
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        self.simple("BEGIN").await
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        self.simple("END").await
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.simple("ROLLBACK").await
    }

    async fn disconnect(&mut self) {
        self.connection = None;
    }

    fn opened(&self) -> u64 {
        self.opened
    }
}

fn bind<'q>(statement: &'static Statement, values: &[Value<'q>]) -> Query<'q, Db, PgArguments> {
    values.iter().fold(sqlx::query(statement.sql()), |query, value| match *value {
        Value::Int(value) => query.bind(value),
        Value::Real(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Uuid(value) => query.bind(value),
    })
}

fn cells(row: &PgRow) -> Result<Vec<Cell>, DbError> {
    row.columns().iter().map(|column| cell(row, column.ordinal())).collect()
}

fn cell(row: &PgRow, index: usize) -> Result<Cell, DbError> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match raw.type_info().name() {
        "INT4" => Cell::Int(row.try_get::<i32, _>(index)?.into()),
        "INT8" => Cell::Int(row.try_get(index)?),
        "BOOL" => Cell::Bool(row.try_get(index)?),
        _ => Cell::Text(row.try_get(index)?),
    })
}
