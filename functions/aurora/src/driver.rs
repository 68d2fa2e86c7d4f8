//! What the load asks of a driver besides plain statements.
#![expect(async_fn_in_trait, reason = "a worker's futures stay on its one thread")]

use lambda_kit::sql::{self, DataApi, DbError, SqlxDriver, Value};
use protocol::aurora;
use uuid::Uuid;

use crate::statements::{INSERT, INSERT_MANY};

/// A row that INSERT writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Key of `type`.
    pub type_id: i32,
    /// A quantity.
    pub quantity: i32,
    /// An amount.
    pub amount: f64,
    /// Number of the unit in its source.
    pub seq: i32,
}

impl Row {
    /// The parameters of INSERT.
    #[must_use]
    pub fn values(&self, source: Uuid) -> [Value<'static>; 5] {
        [
            Value::Int(self.type_id.into()),
            Value::Int(self.quantity.into()),
            Value::Real(self.amount),
            Value::Uuid(source),
            Value::Int(self.seq.into()),
        ]
    }
}

/// A driver that a load can use.
pub trait Driver: sql::Driver {
    /// Which one.
    const KIND: aurora::Driver;

    /// Inserts many rows at once; returns how many of them are new, or all of them where that isn't told.
    async fn insert_many(&mut self, source: Uuid, rows: &[Row]) -> Result<u64, DbError>;
}

impl Driver for SqlxDriver {
    const KIND: aurora::Driver = aurora::Driver::Sqlx;

    async fn insert_many(&mut self, source: Uuid, rows: &[Row]) -> Result<u64, DbError> {
        let query = sqlx::query(INSERT_MANY.sql())
            .bind(rows.iter().map(|row| row.type_id).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.quantity).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.amount).collect::<Vec<_>>())
            .bind(source)
            .bind(rows.iter().map(|row| row.seq).collect::<Vec<_>>());
        Ok(query.execute(self.connection()?).await?.rows_affected())
    }
}

impl Driver for DataApi {
    const KIND: aurora::Driver = aurora::Driver::DataApi;

    async fn insert_many(&mut self, source: Uuid, rows: &[Row]) -> Result<u64, DbError> {
        let sets: Vec<_> = rows.iter().map(|row| row.values(source)).collect();
        self.execute_many(&INSERT, sets.iter().map(|set| &set[..])).await?;
        // It doesn't tell which rows were there already; settling counts exactly.
        Ok(rows.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_api_gets_the_rows_by_name() {
        assert!(INSERT.named().contains("(:p1, CURRENT_DATE, :p2, :p3, CAST(:p4 AS uuid), :p5)"));
    }
}
