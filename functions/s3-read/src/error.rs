//! Why an object was not read.

use std::error::Error;
use std::fmt;
use std::io;

use aws_smithy_checksums::body::validate::Error as ChecksumError;
use lambda_kit::error_chain;
use protocol::s3_read::{self, FailureKind};

/// A failure: its kind, and what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Which.
    pub kind: FailureKind,
    /// What exactly.
    pub text: String,
}

impl ReadError {
    /// A failure of a kind.
    #[must_use]
    pub fn new(kind: FailureKind, text: String) -> Self {
        Self { kind, text }
    }

    /// What S3 has answered instead of the object: HTTP's status, and the code and message of the body.
    #[must_use]
    pub fn answer(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let code = code.unwrap_or_default();
        let message = message.unwrap_or_default();
        let words =
            [code, message].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": ");
        Self::new(
            kind_of(status, code, message),
            format!("S3 answered {status} {words}").trim_end().to_owned(),
        )
    }

    /// What became of a connection or a body; `doing` completes "cannot …".
    #[must_use]
    pub fn broken(doing: &str, error: &(dyn Error + 'static)) -> Self {
        let causes: Vec<_> = causes(error).collect();
        Self::new(kind_of_broken(&causes), format!("cannot {doing}: {}", error_chain(error)))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&s3_read::reason(self.kind, &self.text))
    }
}

impl Error for ReadError {}

fn kind_of(status: u16, code: &str, message: &str) -> FailureKind {
    match (status, code) {
        (_, "ExpiredToken") => FailureKind::Expired,
        (403, _) if message.contains("Request has expired") => FailureKind::Expired,
        (_, "RequestTimeout") => FailureKind::Timeout,
        (429 | 503, _) | (_, "SlowDown") => FailureKind::Throttled,
        (404, _) => FailureKind::Missing,
        // S3 sends elsewhere, where nobody follows.
        (300..=399, _) => FailureKind::Foreign,
        (400..=499, _) => FailureKind::Denied,
        _ => FailureKind::Server,
    }
}

/// An error and what is behind it. The payload of an I/O error is none of its sources, but stands in between.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(
        Some(error),
        |error: &&'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> {
            let error: &'a (dyn Error + 'static) = *error;
            let io = error.downcast_ref::<io::Error>();
            match io.and_then(io::Error::get_ref) {
                Some(payload) => Some(payload as &(dyn Error + 'static)),
                None => error.source(),
            }
        },
    )
}

fn kind_of_broken(causes: &[&(dyn Error + 'static)]) -> FailureKind {
    if causes.iter().any(|cause| cause.is::<ChecksumError>()) {
        return FailureKind::Corrupt;
    }
    let kinds: Vec<_> =
        causes.iter().filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind).collect();
    // The SDK's own errors for these are private; their texts are all there is.
    let says = |text: &str| causes.iter().any(|cause| cause.to_string().contains(text));
    if kinds.contains(&io::ErrorKind::TimedOut) || says("timeout") || says("throughput") {
        FailureKind::Timeout
    } else if kinds.contains(&io::ErrorKind::UnexpectedEof) || says("Content-Length") {
        FailureKind::Truncated
    } else {
        FailureKind::Reset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3s_answers_are_told_apart() {
        for (status, code, message, kind) in [
            (403, "AccessDenied", "Request has expired", FailureKind::Expired),
            (400, "ExpiredToken", "The provided token has expired.", FailureKind::Expired),
            (403, "AccessDenied", "Access Denied", FailureKind::Denied),
            (403, "SignatureDoesNotMatch", "", FailureKind::Denied),
            (403, "InvalidObjectState", "The object is archived", FailureKind::Denied),
            (404, "NoSuchKey", "", FailureKind::Missing),
            (503, "SlowDown", "Please reduce your request rate.", FailureKind::Throttled),
            (429, "", "", FailureKind::Throttled),
            (400, "RequestTimeout", "", FailureKind::Timeout),
            (500, "InternalError", "", FailureKind::Server),
            (502, "", "", FailureKind::Server),
            (307, "TemporaryRedirect", "", FailureKind::Foreign),
        ] {
            assert_eq!(ReadError::answer(status, Some(code), Some(message)).kind, kind, "{status} {code}");
        }
    }

    #[test]
    fn a_broken_connection_is_told_by_what_is_behind_it() {
        let early = io::Error::new(io::ErrorKind::UnexpectedEof, "end of file before message length reached");
        for (error, kind) in [
            (early, FailureKind::Truncated),
            (io::Error::other(io::Error::from(io::ErrorKind::ConnectionReset)), FailureKind::Reset),
            (io::Error::other(io::Error::from(io::ErrorKind::TimedOut)), FailureKind::Timeout),
        ] {
            assert_eq!(ReadError::broken("read s3://b/k", &error).kind, kind, "{error}");
        }
    }
}
