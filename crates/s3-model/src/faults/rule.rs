//! What a fault is, as the admin endpoint takes it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::operations::{OPERATIONS, WITHOUT_BODY};

/// Which requests go wrong, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// S3's names of the operations; empty means all.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Pattern of the object's key with `*` and `?`; `*` also stands for `/`. Without it, any request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What goes wrong.
    pub kind: Kind,
    /// How long a stall takes, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Share of the matching requests, over 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// How often at most; without it, no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// What goes wrong. The first two are answered instead of the operation; for the others the operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 503 `SlowDown`, S3's usual 503.
    #[serde(rename = "503")]
    SlowDown,
    /// 500 `InternalError`.
    #[serde(rename = "500")]
    InternalError,
    /// The connection is reset (TCP RST) after half of the response's body; without a body, before the response.
    Reset,
    /// The response pauses after half of its body; without a body, before it starts.
    Stall,
    /// The response's headers promise the whole body, half of it comes, and the connection is closed.
    Truncate,
    /// One byte of the response's body is wrong; the headers, including checksums, are right.
    WrongByte,
}

impl Kind {
    /// Whether the operation isn't done.
    #[must_use]
    pub fn refuses(self) -> bool {
        matches!(self, Self::SlowDown | Self::InternalError)
    }

    /// Whether it can only befall a response with a body.
    #[must_use]
    pub fn needs_body(self) -> bool {
        matches!(self, Self::Truncate | Self::WrongByte)
    }
}

fn always() -> f64 {
    1.0
}

/// Why a rule could never do what it says.
#[derive(Debug, Error, PartialEq)]
pub enum Invalid {
    /// Nothing would match.
    #[error("there is no operation '{0}': the names are S3's, such as GetObject or UploadPart")]
    Operation(String),
    /// Nothing to spoil.
    #[error("{0} answers without a body: use reset or stall, or another operation")]
    NoBody(String),
    /// Never, or more than always.
    #[error("the rate {0} must be over 0 and at most 1")]
    Rate(f64),
    /// Never.
    #[error("a rule with a count of 0 never applies: leave it out")]
    Count,
    /// How long?
    #[error("a stall needs 'seconds' over 0")]
    Stall,
    /// For what?
    #[error("only a stall has 'seconds'")]
    Seconds,
}

impl Rule {
    /// # Errors
    /// When it could never do what it says.
    pub fn check(&self) -> Result<(), Invalid> {
        for operation in &self.operations {
            if !OPERATIONS.contains(&operation.as_str()) {
                return Err(Invalid::Operation(operation.clone()));
            }
            if self.kind.needs_body() && WITHOUT_BODY.contains(&operation.as_str()) {
                return Err(Invalid::NoBody(operation.clone()));
            }
        }
        if !(self.rate > 0.0 && self.rate <= 1.0) {
            return Err(Invalid::Rate(self.rate));
        }
        if self.count == Some(0) {
            return Err(Invalid::Count);
        }
        match (self.kind, self.seconds) {
            (Kind::Stall, Some(seconds)) if seconds > 0.0 && seconds.is_finite() => Ok(()),
            (Kind::Stall, _) => Err(Invalid::Stall),
            (_, Some(_)) => Err(Invalid::Seconds),
            (_, None) => Ok(()),
        }
    }
}
