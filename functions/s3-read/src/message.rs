//! Messages of the queue, in the formats that existing generators and readers of these queues have.

use std::collections::HashMap;

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::types::MessageAttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use lambda_kit::sqs::{number, string};

use crate::origin::Origin;
use crate::trouble::{Kind, Trouble};

/// The run of messages that name none.
pub const NO_RUN: &str = "none";
/// S3's limit, bytes.
const MAX_KEY: usize = 1024;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The object's key.
    pub key: String,
    /// Where it is, if it is read by a URL.
    pub url: Option<Uri>,
}

/// The body that names a URL.
#[must_use]
pub fn signed_body(url: &str) -> String {
    STANDARD.encode(url)
}

/// Whether SQS takes a text as a body: what XML 1.0 can hold.
#[must_use]
pub fn is_sendable(text: &str) -> bool {
    let is_refused = |c: char| c < ' ' && !"\t\n\r".contains(c) || matches!(c, '\u{fffe}' | '\u{ffff}');
    !text.contains(is_refused)
}

/// The attributes of a message.
#[must_use]
pub fn attributes(run: &str, sent_us: u64) -> HashMap<String, MessageAttributeValue> {
    HashMap::from([("Run".to_owned(), string(run)), ("SentAt".to_owned(), number(sent_us))])
}

/// The object that a body names by its key.
///
/// # Errors
/// [`Kind::Unreadable`] if it names none.
pub fn by_key(body: &str) -> Result<Target, Trouble> {
    if body.is_empty() || body.len() > MAX_KEY {
        let text =
            format!("the body is to be an object's key of 1 to {MAX_KEY} bytes, but has {}", body.len());
        return Err(Trouble::new(Kind::Unreadable, text));
    }
    Ok(Target { key: body.to_owned(), url: None })
}

/// The object that a body names by its URL, which must be one of this bucket.
///
/// # Errors
/// [`Kind::Unreadable`] if it is no URL in Base64, [`Kind::Foreign`] if it leads elsewhere.
pub fn by_url(body: &str, origin: &Origin) -> Result<Target, Trouble> {
    let unreadable =
        |what: &str| Trouble::new(Kind::Unreadable, format!("the body is to be a URL in Base64, but {what}"));
    let bytes = STANDARD.decode(body).map_err(|_| unreadable("is no Base64"))?;
    let url = String::from_utf8(bytes).map_err(|_| unreadable("holds no text"))?;
    let url: Uri = url.parse().map_err(|_| unreadable("holds none"))?;
    if let Some(key) = origin.key_of(&url) {
        return Ok(Target { key, url: Some(url) });
    }
    let host = url.authority().map_or("no host", |authority| authority.as_str());
    let text = format!("the path {} on {host} is no object at {}", url.path(), origin.base());
    Err(Trouble::new(Kind::Foreign, text))
}

/// The run that a message belongs to.
#[must_use]
pub fn run_of(message: &SqsMessage) -> &str {
    message.message_attributes.get("Run").and_then(|run| run.string_value.as_deref()).unwrap_or(NO_RUN)
}

/// How often a message has been delivered.
#[must_use]
pub fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin::new("https://shop.s3.eu-west-1.amazonaws.com/", "shop").unwrap()
    }

    fn batch(json: &str) -> Vec<SqsMessage> {
        let event: aws_lambda_events::sqs::SqsEvent = serde_json::from_str(json).unwrap();
        event.records
    }

    #[test]
    fn both_formats_name_the_same_object() {
        let signed = batch(include_str!("../fixtures/signed.json"));
        let sdk = batch(include_str!("../fixtures/sdk.json"));
        let by_url = by_url(signed[0].body.as_deref().unwrap(), &origin()).unwrap();
        let by_key = by_key(sdk[0].body.as_deref().unwrap()).unwrap();
        assert_eq!(by_url.key, by_key.key);
        assert_eq!(by_key.key, "files/a b+ü.bin");
        assert!(by_url.url.unwrap().query().unwrap().contains("X-Amz-Signature="));
    }

    #[test]
    fn a_message_says_its_run_and_its_deliveries_or_is_of_none() {
        let messages = batch(include_str!("../fixtures/sdk.json"));
        assert_eq!((run_of(&messages[0]), receives(&messages[0])), ("lambench-1", 1));
        assert_eq!((run_of(&messages[1]), receives(&messages[1])), (NO_RUN, 3), "from another generator");
    }

    #[test]
    fn what_is_no_message_is_told_from_what_leads_elsewhere() {
        for body in ["", "not Base64!", "/w==", "aHR0cHM6Ly8gIA=="] {
            assert_eq!(by_url(body, &origin()).unwrap_err().kind, Kind::Unreadable, "{body}");
        }
        let metadata = signed_body("http://169.254.169.254/latest/meta-data/iam");
        let foreign = by_url(&metadata, &origin()).unwrap_err();
        assert_eq!(foreign.kind, Kind::Foreign);
        assert!(foreign.to_string().starts_with("foreign: the path /latest"), "{foreign}");
        assert_eq!(by_key("").unwrap_err().kind, Kind::Unreadable);
        assert_eq!(by_key(&"k".repeat(1025)).unwrap_err().kind, Kind::Unreadable);
    }

    #[test]
    fn a_key_that_sqs_refuses_is_known_before_it_spoils_a_batch() {
        assert!(is_sendable("a b\tü\u{1f600}"));
        assert!(!is_sendable("a\u{1}"));
        assert!(!is_sendable("a\u{ffff}"));
    }
}
