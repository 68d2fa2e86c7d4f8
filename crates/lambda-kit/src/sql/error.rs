//! What goes wrong at the database, by kind.

use crate::postgres::ConnectError;

/// A failed statement, or a connection that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct DbError {
    /// PostgreSQL's `SQLSTATE`; `connection`, `timeout`, `credentials` or `throttled` where it had no say; the error's own
    /// name where the Data API refuses for a reason of its own.
    pub kind: String,
    /// What happened.
    pub message: String,
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The unit has failed; the connection is as good as before.
    Next,
    /// Others were in the way: the same again, in a new transaction.
    Again,
    /// The connection is gone, or there was none: a new one after a while, then the same again.
    Reconnect,
    /// The connection leads to a server that isn't the writer any more: the unit has failed, the next one gets a new connection.
    Elsewhere,
    /// Not now: the same again after a while.
    Wait,
    /// It will not work, however often.
    GiveUp,
}

impl DbError {
    /// An error of a kind.
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: message.into() }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self.kind.as_str() {
            // serialization_failure, deadlock_detected
            "40001" | "40P01" => Remedy::Again,
            "credentials" | "28P01" | "28000" => Remedy::GiveUp,
            "throttled" => Remedy::Wait,
            // read_only_sql_transaction: as after a failover, until the endpoint's name leads to the new writer
            "25006" => Remedy::Elsewhere,
            // too_many_connections; 57P01 to 57P05: the server ends, starts, or ends this connection
            "connection" | "timeout" | "53300" => Remedy::Reconnect,
            kind if kind.starts_with("57P") || kind.starts_with("08") => Remedy::Reconnect,
            _ => Remedy::Next,
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(answer) => {
                let kind = answer.code().map_or("XX000".to_owned(), std::borrow::Cow::into_owned);
                Self::new(kind, answer.message())
            }
            // What remains besides lost connections are mistakes of the program: they show as such by their message.
            _ => Self::new("connection", error.to_string()),
        }
    }
}

impl From<ConnectError> for DbError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Server(error) => error.into(),
            ConnectError::Credentials(failure) => Self::new("credentials", failure.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_remedy() {
        for (kind, remedy) in [
            ("40001", Remedy::Again),
            ("40P01", Remedy::Again),
            ("57014", Remedy::Next),
            ("23505", Remedy::Next),
            ("57P01", Remedy::Reconnect),
            ("57P03", Remedy::Reconnect),
            ("08006", Remedy::Reconnect),
            ("53300", Remedy::Reconnect),
            ("timeout", Remedy::Reconnect),
            ("throttled", Remedy::Wait),
            ("25006", Remedy::Elsewhere),
            ("28P01", Remedy::GiveUp),
            ("credentials", Remedy::GiveUp),
        ] {
            assert_eq!(DbError::new(kind, "").remedy(), remedy, "{kind}");
        }
    }

    #[test]
    fn a_socket_that_ends_is_a_lost_connection() {
        let error = DbError::from(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        assert_eq!(error.kind, "connection");
    }
}
