//! Messages of the queue, in the formats that existing generators and readers of these queues have.

use std::collections::HashMap;

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::types::MessageAttributeValue;
use http::Uri;
use lambda_kit::sqs::attributes::{self, AttributeError};
use lambda_kit::sqs::{number, string};
use protocol::message_attributes::{RUN, SENT_AT};
use protocol::s3_read::{FailureKind, signed_url};

use crate::bucket_url::{BucketUrl, stays_inside};
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

/// The attributes of a message.
#[must_use]
pub fn sent_attributes(run: &str, sent_us: u64) -> HashMap<String, MessageAttributeValue> {
    HashMap::from([(RUN.to_owned(), string(run)), (SENT_AT.to_owned(), number(sent_us))])
}

/// The object that a body names by its key.
///
/// # Errors
/// [`FailureKind::Unreadable`] if it names none, [`FailureKind::Foreign`] if it leads out of the bucket.
pub fn by_key(body: &str) -> Result<Target, ReadError> {
    if body.is_empty() || body.len() > MAX_KEY {
        let text =
            format!("the body must be an object's key of 1 to {MAX_KEY} bytes, but has {}", body.len());
        return Err(ReadError::new(FailureKind::Unreadable, text));
    }
    if !stays_inside(body) {
        let text = format!("the key {body} leads out of the bucket, and S3 has no such objects");
        return Err(ReadError::new(FailureKind::Foreign, text));
    }
    Ok(Target { key: body.to_owned(), url: None })
}

/// The object that a body names by its URL, which must be one of this bucket.
///
/// # Errors
/// [`FailureKind::Unreadable`] if it is no URL in Base64, [`FailureKind::Foreign`] if it leads elsewhere.
pub fn by_url(body: &str, bucket_url: &BucketUrl) -> Result<Target, ReadError> {
    let unreadable = |what: &str| {
        ReadError::new(FailureKind::Unreadable, format!("the body must be a URL in Base64, but {what}"))
    };
    let url: Uri = signed_url(body).map_err(unreadable)?.parse().map_err(|_| unreadable("holds no URL"))?;
    if let Some(key) = bucket_url.key_of(&url) {
        return Ok(Target { key, url: Some(url) });
    }
    let host = url.authority().map_or("no host", |authority| authority.as_str());
    let text = format!("the path {} on {host} is not an object at {}", url.path(), bucket_url.base());
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
    use test_kit::awkward_keys::{refused, taken};

    use super::*;
    use crate::presign::url_of;

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
    fn both_variants_take_the_same_keys() {
        let base = "https://shop.s3.eu-west-1.amazonaws.com/";
        let by_url = |key: &str| by_url(&signed_body(&url_of(base, key)), &bucket_url());
        for key in taken("") {
            assert_eq!(by_key(&key).unwrap().key, key);
            assert_eq!(by_url(&key).unwrap().key, key);
        }
        for key in refused() {
            assert_eq!(by_key(&key).unwrap_err().kind, FailureKind::Foreign, "{key}");
            assert_eq!(by_url(&key).unwrap_err().kind, FailureKind::Foreign, "{key}");
        }
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
}
