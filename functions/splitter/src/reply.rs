//! What the function answers.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// The answer to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    status_code: u16,
    count: usize,
    body: Cow<'static, str>,
}

impl Reply {
    /// The event's one item is done.
    #[must_use]
    pub fn handled() -> Self {
        Self { status_code: 200, count: 1, body: "handled 1 tag".into() }
    }

    /// Each of the event's items is a message in the queue.
    #[must_use]
    pub fn split(count: usize) -> Self {
        let body = format!("split '{count}' tags into '{count}' queued messages").into();
        Self { status_code: 202, count, body }
    }

    /// The event has nothing to do with tags, or has no tags.
    #[must_use]
    pub fn ignored() -> Self {
        Self { status_code: 202, count: 0, body: "event was ignored, not a type of interest".into() }
    }

    /// The event can't be understood; the log says why.
    #[must_use]
    pub fn invalid() -> Self {
        Self { status_code: 400, count: 0, body: "invalid event argument".into() }
    }
}

/// As the log has it: the same JSON.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_what_callers_of_the_splitter_know() {
        let replies = [Reply::handled(), Reply::split(5), Reply::ignored(), Reply::invalid()];
        assert_eq!(
            replies.map(|reply| reply.to_string()),
            [
                r#"{"statusCode":200,"count":1,"body":"handled 1 tag"}"#,
                r#"{"statusCode":202,"count":5,"body":"split '5' tags into '5' queued messages"}"#,
                r#"{"statusCode":202,"count":0,"body":"event was ignored, not a type of interest"}"#,
                r#"{"statusCode":400,"count":0,"body":"invalid event argument"}"#,
            ]
        );
    }
}
