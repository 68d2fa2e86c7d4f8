//! Requests and responses, and what stands in their URLs.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What Signature Version 4 escapes in a path; in a query also `/`.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Without an answer for so long, most requests are sent again.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// A request. Its body is made anew for each attempt.
pub(crate) struct Call<'a> {
    pub method: Method,
    pub key: &'a str,
    /// Escaped, without the question mark.
    pub query: String,
    pub headers: Vec<(&'static str, String)>,
    /// In pieces.
    pub body: Vec<Bytes>,
    /// Without an answer for so long, it is sent again.
    pub timeout: Duration,
}

impl<'a> Call<'a> {
    pub fn new(method: Method, key: &'a str, query: String) -> Self {
        Self { method, key, query, headers: Vec::new(), body: Vec::new(), timeout: ANSWER_TIMEOUT }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(mut self, pieces: Vec<Bytes>) -> Self {
        self.body = pieces;
        self
    }

    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// A response that has come as a whole.
pub(crate) struct Answer {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// A value as it stands in a query.
pub(crate) fn escaped(value: &str) -> String {
    utf8_percent_encode(value, QUERY).to_string()
}

/// A path as it stands in a URL or in `x-amz-copy-source`.
pub(crate) fn escaped_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}
