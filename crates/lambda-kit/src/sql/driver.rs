//! Drivers of the database: the same statements over PostgreSQL's protocol or over the Data API.
#![expect(async_fn_in_trait, reason = "a function's futures stay on its one thread")]

use uuid::Uuid;

use super::{DbError, Statement};

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A whole number, as `bigint`.
    Int(i64),
    /// A number, as `double precision`.
    Real(f64),
    /// Text.
    Text(&'a str),
    /// A UUID.
    Uuid(Uuid),
}

/// A value of a row that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// A boolean.
    Bool(bool),
}

impl Cell {
    /// The number; 0 if it is none.
    #[must_use]
    pub fn int(&self) -> i64 {
        if let Self::Int(value) = self { *value } else { 0 }
    }

    /// The text; empty if it is none.
    #[must_use]
    pub fn text(&self) -> &str {
        if let Self::Text(value) = self { value } else { "" }
    }

    /// Whether it is true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }
}

/// A driver of the database. After an error, [`attempt`](super::attempt) drops a connection that is broken.
pub trait Driver {
    /// Opens a connection if there is none.
    async fn connect(&mut self) -> Result<(), DbError>;

    /// Runs a statement; returns the rows that it has changed or, for a SELECT, found.
    async fn execute(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, DbError>;

    /// Runs a statement and reads its rows.
    async fn fetch(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DbError>;

    /// Begins a transaction.
    async fn begin(&mut self) -> Result<(), DbError>;

    /// Commits it.
    async fn commit(&mut self) -> Result<(), DbError>;

    /// Rolls it back.
    async fn rollback(&mut self) -> Result<(), DbError>;

    /// Drops the connection, with whatever is under way on it.
    async fn disconnect(&mut self);

    /// Connections opened so far.
    fn opened(&self) -> u64;
}
