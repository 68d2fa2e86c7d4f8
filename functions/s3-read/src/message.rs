//! Messages of the queue, in the formats that existing generators and readers of these queues have.

use std::collections::HashMap;

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::types::MessageAttributeValue;
use http::Uri;
use lambda_kit::sqs::attributes::{self, AttributeError};
use lambda_kit::sqs::{number, string};
use protocol::message_attributes::{RUN, SENT_AT};
use protocol::s3_read::{FailureKind, signed_url};

use crate::bucket_url::BucketUrl;
use crate::error::ReadError;

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

/// Whether SQS takes a text as a body: what XML 1.0 can hold.
#[must_use]
pub fn is_sendable(text: &str) -> bool {
    let is_refused = |c: char| c < ' ' && !"\t\n\r".contains(c) || matches!(c, '\u{fffe}' | '\u{ffff}');
    !text.contains(is_refused)
}

/// The attributes of a message.
#[must_use]
pub fn sent_attributes(run: &str, sent_us: u64) -> HashMap<String, MessageAttributeValue> {
    HashMap::from([(RUN.to_owned(), string(run)), (SENT_AT.to_owned(), number(sent_us))])
}

/// The object that a body names by its key.
///
/// # Errors
/// [`FailureKind::Unreadable`] if it names none.
pub fn by_key(body: &str) -> Result<Target, ReadError> {
    if body.is_empty() || body.len() > MAX_KEY {
        let text =
            format!("the body is to be an object's key of 1 to {MAX_KEY} bytes, but has {}", body.len());
        return Err(ReadError::new(FailureKind::Unreadable, text));
    }
    Ok(Target { key: body.to_owned(), url: None })
}

/// The object that a body names by its URL, which must be one of this bucket.
///
/// # Errors
/// [`FailureKind::Unreadable`] if it is no URL in Base64, [`FailureKind::Foreign`] if it leads elsewhere.
pub fn by_url(body: &str, bucket_url: &BucketUrl) -> Result<Target, ReadError> {
    let unreadable = |what: &str| {
        ReadError::new(FailureKind::Unreadable, format!("the body is to be a URL in Base64, but {what}"))
    };
    let url: Uri = signed_url(body).map_err(unreadable)?.parse().map_err(|_| unreadable("holds none"))?;
    if let Some(key) = bucket_url.key_of(&url) {
        return Ok(Target { key, url: Some(url) });
    }
    let host = url.authority().map_or("no host", |authority| authority.as_str());
    let text = format!("the path {} on {host} is no object at {}", url.path(), bucket_url.base());
    Err(ReadError::new(FailureKind::Foreign, text))
}

/// What a message says beside its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The run that it belongs to.
    pub run: String,
    /// When it was sent, where it says so, µs since 1970.
    pub sent_us: Option<u64>,
}

impl Origin {
    /// Of a message.
    ///
    /// # Errors
    /// [`FailureKind::Unreadable`] if an attribute cannot be what its name says: no item can have it.
    pub fn read(message: &SqsMessage) -> Result<Self, ReadError> {
        let unreadable = |error: AttributeError| ReadError::new(FailureKind::Unreadable, error.to_string());
        let run = attributes::run(message).map_err(unreadable)?.unwrap_or(NO_RUN).to_owned();
        Ok(Self { run, sent_us: attributes::sent_us(message).map_err(unreadable)? })
    }
}

#[cfg(test)]
mod tests {
    use lambda_kit::sqs::attributes::receives;
    use protocol::s3_read::signed_body;

    use super::*;

    fn bucket_url() -> BucketUrl {
        BucketUrl::new("https://shop.s3.eu-west-1.amazonaws.com/", "shop").unwrap()
    }

    fn batch(json: &str) -> Vec<SqsMessage> {
        let event: aws_lambda_events::sqs::SqsEvent = serde_json::from_str(json).unwrap();
        event.records
    }

    #[test]
    fn both_formats_name_the_same_object() {
        let signed = batch(include_str!("../fixtures/signed.json"));
        let sdk = batch(include_str!("../fixtures/sdk.json"));
        let by_url = by_url(signed[0].body.as_deref().unwrap(), &bucket_url()).unwrap();
        let by_key = by_key(sdk[0].body.as_deref().unwrap()).unwrap();
        assert_eq!(by_url.key, by_key.key);
        assert_eq!(by_key.key, "files/a b+ü.bin");
        assert!(by_url.url.unwrap().query().unwrap().contains("X-Amz-Signature="));
    }

    #[test]
    fn a_message_says_its_run_and_its_deliveries_or_is_of_none() {
        let messages = batch(include_str!("../fixtures/sdk.json"));
        let [ours, others] =
            [0, 1].map(|index| (Origin::read(&messages[index]).unwrap(), receives(&messages[index])));
        assert_eq!((ours.0.run.as_str(), ours.0.sent_us.is_some(), ours.1), ("lambench-1", true, 1));
        assert_eq!(others, (Origin { run: NO_RUN.to_owned(), sent_us: None }, 3), "from another generator");
    }

    #[test]
    fn what_is_no_message_is_told_from_what_leads_elsewhere() {
        for body in ["", "not Base64!", "/w==", "aHR0cHM6Ly8gIA=="] {
            assert_eq!(by_url(body, &bucket_url()).unwrap_err().kind, FailureKind::Unreadable, "{body}");
        }
        let metadata = signed_body("http://169.254.169.254/latest/meta-data/iam");
        let foreign = by_url(&metadata, &bucket_url()).unwrap_err();
        assert_eq!(foreign.kind, FailureKind::Foreign);
        assert!(foreign.to_string().starts_with("foreign: the path /latest"), "{foreign}");
        assert_eq!(by_key("").unwrap_err().kind, FailureKind::Unreadable);
        assert_eq!(by_key(&"k".repeat(1025)).unwrap_err().kind, FailureKind::Unreadable);
    }

    #[test]
    fn a_key_that_sqs_refuses_is_known_before_it_spoils_a_batch() {
        assert!(is_sendable("a b\tü\u{1f600}"));
        assert!(!is_sendable("a\u{1}"));
        assert!(!is_sendable("a\u{ffff}"));
    }
}
