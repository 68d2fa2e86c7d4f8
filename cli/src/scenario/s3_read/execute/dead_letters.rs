//! A run's objects in the dead-letter queue.

use anyhow::Result;
use aws_sdk_sqs::types::Message;
use http::Uri;
use percent_encoding::percent_decode_str;
use protocol::message_attributes::{MESSAGE_ID, REASON, RUN};
use protocol::s3_read::{Variant, signed_url};

use super::UnderWay;
use crate::scenario::shared::dead_letters::DeadLetters;
use crate::scenario::shared::queue::attribute;

/// The reason of a message that SQS itself has moved.
pub const UNANSWERED: &str =
    "unanswered: received too often without an answer: its readers timed out or were killed";

/// Receives what has come into the queue since the last time.
pub async fn receive(under_way: UnderWay<'_>, dead_letters: &mut DeadLetters) -> Result<()> {
    let UnderWay { run, variant, functions, .. } = under_way;
    for message in dead_letters.receive(run.context(), &functions.queue.dead_letter_url).await? {
        if attribute(&message, RUN) == Some(run.name.as_str()) {
            add(dead_letters, &message, variant, &run.deployed.bucket);
        }
    }
    Ok(())
}

fn add(dead_letters: &mut DeadLetters, message: &Message, variant: Variant, bucket: &str) {
    let object = object(message.body().unwrap_or_default(), variant, bucket);
    let id = || attribute(message, MESSAGE_ID).or(message.message_id()).unwrap_or_default().to_owned();
    dead_letters.add(object.unwrap_or_else(id), attribute(message, REASON));
}

/// The object that a message names; none if it names none of the bucket.
fn object(body: &str, variant: Variant, bucket: &str) -> Option<String> {
    if variant == Variant::Sdk {
        return Some(body.to_owned());
    }
    let url: Uri = signed_url(body).ok()?.parse().ok()?;
    let in_host = url.host()?.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.'));
    let path = url.path().strip_prefix('/')?;
    let in_path = || path.strip_prefix(bucket)?.strip_prefix('/');
    let key = if in_host { path } else { in_path()? };
    percent_decode_str(key).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::{kind_name, signed_body};

    use super::*;
    use crate::scenario::shared::testing::message;

    const BUCKET: &str = "shop";

    fn kinds(dead_letters: &DeadLetters) -> Vec<&str> {
        dead_letters.reasons().values().map(|reason| kind_name(reason)).collect()
    }

    #[test]
    fn an_object_counts_once_however_often_and_by_whom_it_was_put_aside() {
        let mut dead_letters = DeadLetters::new(UNANSWERED);
        add(&mut dead_letters, &message("1", "a/b", &[("Run", "r")]), Variant::Sdk, BUCKET);
        assert_eq!(kinds(&dead_letters), ["unanswered"]);
        let missing = [("MessageId", "1"), ("Reason", "missing: S3 answered 404")];
        add(&mut dead_letters, &message("2", "a/b", &missing), Variant::Sdk, BUCKET);
        add(&mut dead_letters, &message("3", "a/b", &[("Run", "r")]), Variant::Sdk, BUCKET);
        assert_eq!(dead_letters.count(), 1);
        assert_eq!(kinds(&dead_letters), ["missing"]);
    }

    #[test]
    fn both_formats_and_both_styles_name_the_same_object() {
        let signed = |url: &str| object(&signed_body(url), Variant::Signed, BUCKET);
        let expected = Some("files/a b.bin".to_owned());
        assert_eq!(object("files/a b.bin", Variant::Sdk, BUCKET), expected);
        assert_eq!(signed("https://shop.s3.eu-west-1.amazonaws.com/files/a%20b.bin?X-Amz-Date=1"), expected);
        assert_eq!(signed("http://127.0.0.1:4566/shop/files/a%20b.bin?X-Amz-Date=1"), expected);
        assert_eq!(signed("http://169.254.169.254/latest"), None);
        assert_eq!(object("no Base64!", Variant::Signed, BUCKET), None);
    }

    #[test]
    fn a_message_that_names_nothing_counts_by_its_id() {
        let mut dead_letters = DeadLetters::new(UNANSWERED);
        for id in ["copy-1", "copy-2"] {
            let unreadable = [("MessageId", "original"), ("Reason", "unreadable: no Base64")];
            add(&mut dead_letters, &message(id, "?", &unreadable), Variant::Signed, BUCKET);
        }
        assert_eq!(dead_letters.count(), 1);
    }
}
