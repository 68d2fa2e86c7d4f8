//! What can go wrong with a request.

use std::time::Duration;

use crate::xml;

/// Why a request has no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// S3 answered so.
    #[error("{code}{}{message}", if .message.is_empty() { "" } else { ": " })]
    Refused {
        /// The response's status.
        status: u16,
        /// S3's code, such as `NoSuchKey`.
        code: String,
        /// What S3 says.
        message: String,
    },
    /// There was no answer, or only half of one.
    #[error("{0}")]
    Broken(String),
    /// S3 didn't answer.
    #[error("S3 has not answered for {} s", .0.as_secs())]
    Silent(Duration),
    /// Nothing is asked any more.
    #[error("the archive was given up")]
    Stopped,
}

impl Error {
    /// An answer that isn't a good one.
    pub(crate) fn refused(status: u16, body: &str) -> Self {
        let text = |name| xml::text(body, name).map(|text| xml::unescape(text).into_owned());
        let code = text("Code").unwrap_or_else(|| format!("HTTP status {status}"));
        // An answer to a HEAD has no body, and not every error of S3 a message.
        Self::Refused { status, code, message: text("Message").unwrap_or_default() }
    }

    /// S3's code, if S3 answered.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            _ => "",
        }
    }

    /// The answer's status, if S3 answered.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Refused { status, .. } => *status,
            _ => 0,
        }
    }

    /// Whether S3 may have done what it was asked for.
    pub(crate) fn is_no_answer(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Silent(_))
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => {
                // A 200 can hold an error too: S3 starts the answer to a copy or a completion before it is done.
                let codes =
                    ["InternalError", "SlowDown", "RequestTimeout", "OperationAborted", "ServiceUnavailable"];
                *status >= 500 || *status == 429 || codes.contains(&code.as_str())
            }
            Self::Broken(_) | Self::Silent(_) => true,
            Self::Stopped => false,
        }
    }
}

/// What could not be done, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing}: {error}")]
pub struct Failed {
    /// Completes "cannot …".
    pub doing: String,
    /// The last attempt's error.
    pub error: Error,
}

impl Error {
    /// The error with what it was about; `doing` completes "cannot …".
    pub(crate) fn of(self, doing: String) -> Failed {
        Failed { doing, error: self }
    }
}
