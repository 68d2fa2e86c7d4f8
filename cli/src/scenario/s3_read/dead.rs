//! A run's objects in the dead-letter queue, and why they are there. Nothing is taken out: they are the user's.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use aws_sdk_sqs::types::Message;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use percent_encoding::percent_decode_str;
use results::scenario::s3_read::Variant;

use super::{Road, Test};
use crate::scenario::shared::queue::{attribute, fresh};

/// What a message is called that SQS itself has put here.
const UNANSWERED: &str =
    "unanswered: received too often without an answer: its readers timed out or were killed";

/// Reasons by the object, so that each counts once however often it is here.
#[derive(Debug, Default)]
pub struct DeadLetters {
    reasons: BTreeMap<String, String>,
    seen: HashSet<String>,
}

impl DeadLetters {
    /// Looks at what has come into the queue since the last look.
    pub async fn collect(&mut self, test: &Test, road: &Road, variant: Variant, run: &str) -> Result<()> {
        for message in fresh(test.context(), &road.queue.dead_letter_url, &self.seen).await? {
            self.seen.insert(message.message_id().unwrap_or_default().to_owned());
            if attribute(&message, "Run") == Some(run) {
                self.add(&message, variant, &test.s3_read.bucket);
            }
        }
        Ok(())
    }

    fn add(&mut self, message: &Message, variant: Variant, bucket: &str) {
        let object = object(message.body().unwrap_or_default(), variant, bucket);
        let id = || attribute(message, "MessageId").or(message.message_id()).unwrap_or_default().to_owned();
        self.note(object.unwrap_or_else(id), attribute(message, "Reason"));
    }

    /// Notes an object, and why it is here if that is known.
    pub fn note(&mut self, object: String, reason: Option<&str>) {
        let known = self.reasons.entry(object).or_insert_with(|| UNANSWERED.to_owned());
        if let Some(reason) = reason {
            reason.clone_into(known);
        }
    }

    /// Objects with the reason; some may have been read all the same.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.reasons.iter()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.reasons.len() as u64
    }
}

/// The kind of a failure, which its reason begins with.
pub fn kind(reason: &str) -> &str {
    reason.split_once(": ").map_or(reason, |(kind, _)| kind)
}

/// The object that a message names; none if it names none of the bucket.
fn object(body: &str, variant: Variant, bucket: &str) -> Option<String> {
    match variant {
        Variant::Sdk => Some(body.to_owned()),
        Variant::Signed => {
            let url: Uri = String::from_utf8(STANDARD.decode(body).ok()?).ok()?.parse().ok()?;
            let in_host = url.host()?.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.'));
            let path = url.path().strip_prefix('/')?;
            let key = if in_host {
                path
            } else {
                path.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('/'))?
            };
            percent_decode_str(key).decode_utf8().ok().map(Into::into)
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;

    const BUCKET: &str = "shop";

    fn message(id: &str, body: &str, attributes: &[(&str, &str)]) -> Message {
        let mut message = Message::builder().message_id(id).body(body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
            message = message.message_attributes(*name, value.unwrap());
        }
        message.build()
    }

    #[test]
    fn an_object_counts_once_however_often_and_by_whom_it_was_put_aside() {
        let mut dead = DeadLetters::default();
        dead.add(&message("1", "a/b", &[("Run", "r")]), Variant::Sdk, BUCKET);
        assert_eq!(dead.iter().map(|(_, reason)| kind(reason)).collect::<Vec<_>>(), ["unanswered"]);
        let missing = [("MessageId", "1"), ("Reason", "missing: S3 answered 404")];
        dead.add(&message("2", "a/b", &missing), Variant::Sdk, BUCKET);
        dead.add(&message("3", "a/b", &[("Run", "r")]), Variant::Sdk, BUCKET);
        assert_eq!(dead.count(), 1);
        assert_eq!(dead.iter().map(|(_, reason)| kind(reason)).collect::<Vec<_>>(), ["missing"]);
    }

    #[test]
    fn both_formats_and_both_styles_name_the_same_object() {
        let signed = |url: &str| object(&STANDARD.encode(url), Variant::Signed, BUCKET);
        let expected = Some("files/a b.bin".to_owned());
        assert_eq!(object("files/a b.bin", Variant::Sdk, BUCKET), expected);
        assert_eq!(signed("https://shop.s3.eu-west-1.amazonaws.com/files/a%20b.bin?X-Amz-Date=1"), expected);
        assert_eq!(signed("http://127.0.0.1:4566/shop/files/a%20b.bin?X-Amz-Date=1"), expected);
        assert_eq!(signed("http://169.254.169.254/latest"), None);
        assert_eq!(object("no Base64!", Variant::Signed, BUCKET), None);
    }

    #[test]
    fn a_message_that_names_nothing_counts_by_its_id() {
        let mut dead = DeadLetters::default();
        for id in ["copy-1", "copy-2"] {
            let unreadable = [("MessageId", "original"), ("Reason", "unreadable: no Base64")];
            dead.add(&message(id, "?", &unreadable), Variant::Signed, BUCKET);
        }
        assert_eq!(dead.count(), 1);
    }
}
