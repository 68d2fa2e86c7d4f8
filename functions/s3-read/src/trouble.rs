//! Why an object was not read.

use std::error::Error;
use std::fmt;
use std::io;

use aws_smithy_checksums::body::validate::Error as ChecksumError;
use lambda_kit::error_chain;

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The URL's time is over, or that of the credentials that signed it.
    Expired,
    /// The URL leads elsewhere than into the bucket.
    Foreign,
    /// The message names no object.
    Unreadable,
    /// There is no such object.
    Missing,
    /// S3 refuses the request.
    Denied,
    /// S3 wants fewer requests.
    Throttled,
    /// The body ended early.
    Truncated,
    /// The content isn't what S3 says it is.
    Corrupt,
    /// The connection broke, or could not be made.
    Reset,
    /// No answer, or no more of it, in time.
    Timeout,
    /// S3 failed.
    Server,
    /// The object was read, but the table didn't take it.
    Unstored,
}

impl Kind {
    /// Its name in dead letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Foreign => "foreign",
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Unstored => "unstored",
        }
    }

    /// Whether another try comes to the same.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        matches!(self, Self::Expired | Self::Foreign | Self::Unreadable | Self::Missing | Self::Denied)
    }
}

/// A failure: its kind, and what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which.
    pub kind: Kind,
    /// What exactly.
    pub text: String,
}

impl Trouble {
    /// A failure of a kind.
    #[must_use]
    pub fn new(kind: Kind, text: String) -> Self {
        Self { kind, text }
    }

    /// What S3 has answered instead of the object: HTTP's status, and the code and message of the body.
    #[must_use]
    pub fn answer(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let code = code.unwrap_or_default();
        let message = message.unwrap_or_default();
        Self::new(kind_of(status, code, message), format!("S3 answered {status} {code}: {message}"))
    }

    /// What became of a connection or a body; `doing` completes "cannot …".
    #[must_use]
    pub fn broken(doing: &str, error: &(dyn Error + 'static)) -> Self {
        let causes: Vec<_> = causes(error).collect();
        Self::new(kind_of_broken(&causes), format!("cannot {doing}: {}", error_chain(error)))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.text)
    }
}

impl Error for Trouble {}

fn kind_of(status: u16, code: &str, message: &str) -> Kind {
    match (status, code) {
        (_, "ExpiredToken") => Kind::Expired,
        (403, _) if message.contains("Request has expired") => Kind::Expired,
        (_, "RequestTimeout") => Kind::Timeout,
        (429 | 503, _) | (_, "SlowDown") => Kind::Throttled,
        (404, _) => Kind::Missing,
        // S3 sends elsewhere, where nobody follows.
        (300..=399, _) => Kind::Foreign,
        (400..=499, _) => Kind::Denied,
        _ => Kind::Server,
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

fn kind_of_broken(causes: &[&(dyn Error + 'static)]) -> Kind {
    if causes.iter().any(|cause| cause.is::<ChecksumError>()) {
        return Kind::Corrupt;
    }
    let kinds: Vec<_> =
        causes.iter().filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind).collect();
    // The SDK's own errors for these are private; their texts are all there is.
    let says = |text: &str| causes.iter().any(|cause| cause.to_string().contains(text));
    if kinds.contains(&io::ErrorKind::TimedOut) || says("timeout") || says("throughput") {
        Kind::Timeout
    } else if kinds.contains(&io::ErrorKind::UnexpectedEof) || says("Content-Length") {
        Kind::Truncated
    } else {
        Kind::Reset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3s_answers_are_told_apart() {
        for (status, code, message, kind) in [
            (403, "AccessDenied", "Request has expired", Kind::Expired),
            (400, "ExpiredToken", "The provided token has expired.", Kind::Expired),
            (403, "AccessDenied", "Access Denied", Kind::Denied),
            (403, "SignatureDoesNotMatch", "", Kind::Denied),
            (403, "InvalidObjectState", "The object is archived", Kind::Denied),
            (404, "NoSuchKey", "", Kind::Missing),
            (503, "SlowDown", "Please reduce your request rate.", Kind::Throttled),
            (429, "", "", Kind::Throttled),
            (400, "RequestTimeout", "", Kind::Timeout),
            (500, "InternalError", "", Kind::Server),
            (502, "", "", Kind::Server),
            (307, "TemporaryRedirect", "", Kind::Foreign),
        ] {
            assert_eq!(Trouble::answer(status, Some(code), Some(message)).kind, kind, "{status} {code}");
        }
    }

    #[test]
    fn only_what_another_try_cannot_mend_is_permanent() {
        let permanent = [Kind::Expired, Kind::Foreign, Kind::Unreadable, Kind::Missing, Kind::Denied];
        assert!(permanent.iter().all(|kind| kind.is_permanent()));
        let later = [
            Kind::Throttled,
            Kind::Truncated,
            Kind::Corrupt,
            Kind::Reset,
            Kind::Timeout,
            Kind::Server,
            Kind::Unstored,
        ];
        assert!(!later.iter().any(|kind| kind.is_permanent()));
    }

    #[test]
    fn a_broken_connection_is_told_by_what_is_behind_it() {
        let early = io::Error::new(io::ErrorKind::UnexpectedEof, "end of file before message length reached");
        for (error, kind) in [
            (early, Kind::Truncated),
            (io::Error::other(io::Error::from(io::ErrorKind::ConnectionReset)), Kind::Reset),
            (io::Error::other(io::Error::from(io::ErrorKind::TimedOut)), Kind::Timeout),
        ] {
            assert_eq!(Trouble::broken("read s3://b/k", &error).kind, kind, "{error}");
        }
    }
}
