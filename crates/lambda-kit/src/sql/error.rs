//! Errors of the database, by kind.

use crate::postgres::ConnectError;

/// A failed statement or connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct DbError {
    /// PostgreSQL's `SQLSTATE`; `connection`, `timeout`, `credentials` or `throttled` where it was not reached; the
    /// error's own name where the Data API refuses for a reason of its own.
    pub kind: String,
    /// What happened.
    pub message: String,
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAction {
    /// The statement fails for good; the connection still works.
    Fail,
    /// Serialization failure or deadlock: retry at once, in a new transaction.
    Retry,
    /// Throttled: retry after a pause.
    BackOff,
    /// The connection is lost, or there was none: retry on a new one after a pause.
    Reconnect,
    /// The server is no longer the writer: the statement fails, the next one gets a new connection.
    FailOver,
    /// No statement will work: wrong credentials.
    Abort,
}

impl RetryAction {
    /// Whether the connection is broken or leads to the wrong server.
    #[must_use]
    pub fn needs_new_connection(self) -> bool {
        matches!(self, Self::Reconnect | Self::FailOver | Self::Abort)
    }
}

impl DbError {
    /// An error of a kind.
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: message.into() }
    }

    /// What to do about it.
    #[must_use]
    pub fn retry_action(&self) -> RetryAction {
        match self.kind.as_str() {
            // serialization_failure, deadlock_detected
            "40001" | "40P01" => RetryAction::Retry,
            "credentials" | "28P01" | "28000" => RetryAction::Abort,
            "throttled" => RetryAction::BackOff,
            // read_only_sql_transaction: as after a failover, until the endpoint's name leads to the new writer
            "25006" => RetryAction::FailOver,
            // too_many_connections; 57P01 to 57P05: the server ends, starts, or ends this connection
            "connection" | "timeout" | "53300" => RetryAction::Reconnect,
            kind if kind.starts_with("57P") || kind.starts_with("08") => RetryAction::Reconnect,
            _ => RetryAction::Fail,
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
    fn each_kind_has_its_retry_action() {
        for (kind, action) in [
            ("40001", RetryAction::Retry),
            ("40P01", RetryAction::Retry),
            ("57014", RetryAction::Fail),
            ("23505", RetryAction::Fail),
            ("57P01", RetryAction::Reconnect),
            ("57P03", RetryAction::Reconnect),
            ("08006", RetryAction::Reconnect),
            ("53300", RetryAction::Reconnect),
            ("timeout", RetryAction::Reconnect),
            ("throttled", RetryAction::BackOff),
            ("25006", RetryAction::FailOver),
            ("28P01", RetryAction::Abort),
            ("credentials", RetryAction::Abort),
        ] {
            assert_eq!(DbError::new(kind, "").retry_action(), action, "{kind}");
        }
    }

    #[test]
    fn a_socket_that_ends_is_a_lost_connection() {
        let error = DbError::from(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        assert_eq!(error.kind, "connection");
    }
}
