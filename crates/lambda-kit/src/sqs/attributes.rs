//! Attributes that come with a message of a queue: anybody who may send to it can have written them.

use aws_lambda_events::sqs::SqsMessage;
use protocol::decimal;
use protocol::message_attributes::{RUN, SENT_AT};
use protocol::run_name::{self, InvalidName};

/// An attribute that cannot be what its name says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// The run.
    #[error("the message attribute {RUN} cannot be used: {0}")]
    Run(InvalidName),
    /// The time.
    #[error("the message attribute {SENT_AT} is '{0}', but must be a whole number of µs since 1970")]
    SentAt(String),
}

/// An attribute's value: a String's or a Number's, nothing of a Binary's.
#[must_use]
pub fn text<'a>(message: &'a SqsMessage, name: &str) -> Option<&'a str> {
    Some(message.message_attributes.get(name)?.string_value.as_deref().unwrap_or_default())
}

/// The run that a message belongs to, if it names one.
///
/// # Errors
/// If no run can have this name.
pub fn run(message: &SqsMessage) -> Result<Option<&str>, AttributeError> {
    text(message, RUN).map(run_name::check).transpose().map_err(AttributeError::Run)
}

/// When a message was sent, µs since 1970, if it says so.
///
/// # Errors
/// If that is no number.
pub fn sent_us(message: &SqsMessage) -> Result<Option<u64>, AttributeError> {
    let number = |value: &str| decimal::parse(value).ok_or_else(|| AttributeError::SentAt(value.to_owned()));
    text(message, SENT_AT).map(number).transpose()
}

/// How often a message has been delivered.
#[must_use]
pub fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(attributes: &Value) -> SqsMessage {
        serde_json::from_value(json!({ "messageAttributes": attributes })).unwrap()
    }

    fn with(name: &str, value: &str) -> SqsMessage {
        message(&json!({ name: { "stringValue": value, "dataType": "String" } }))
    }

    #[test]
    fn a_message_need_not_say_anything() {
        let silent = message(&json!({}));
        assert_eq!((run(&silent), sent_us(&silent), receives(&silent)), (Ok(None), Ok(None), 1));
        assert_eq!(run(&with("Run", "r")), Ok(Some("r")));
        assert_eq!(sent_us(&with("SentAt", "1795255200000000")), Ok(Some(1_795_255_200_000_000)));
    }

    #[test]
    fn what_it_says_is_checked_before_it_is_used() {
        for name in ["", &"x".repeat(257), "a\u{1}"] {
            assert!(matches!(run(&with("Run", name)), Err(AttributeError::Run(_))), "{name:?}");
        }
        for at in ["", "soon", "1e9", "-1", "1795255200000000.5", "99999999999999999999"] {
            assert_eq!(sent_us(&with("SentAt", at)), Err(AttributeError::SentAt(at.to_owned())));
        }
        let binary = message(&json!({ "Run": { "binaryValue": "YQ==", "dataType": "Binary" } }));
        assert!(run(&binary).is_err());
    }
}
