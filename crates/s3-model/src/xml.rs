//! S3's XML where it is not that of s3s: keys that XML 1.0 cannot hold, and line breaks.
//!
//! Answers have references for what a reader would change or cannot take, also those that are no XML 1.0: a client that lists such
//! keys without `encoding-type=url` cannot read the answer (<https://github.com/minio/minio-py/issues/716> shows one of S3's).
//! Requests with such keys are refused (<https://github.com/boto/boto3/issues/2005>).

use std::fmt::Write;

use bytes::Bytes;
use s3s::dto::Delete;
use s3s::xml::{Deserialize, Deserializer};
use s3s::{S3Result, xml};

use crate::rules;

/// A request's XML whose line breaks are as a reader takes them, since it has some that s3s takes as they are.
///
/// <https://www.w3.org/TR/xml/#sec-line-ends>
#[derive(Debug, Clone)]
pub struct WithLineFeeds(Bytes);

/// Whether XML 1.0 has a character: <https://www.w3.org/TR/xml/#charsets>.
fn is_allowed(character: char) -> bool {
    character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}') || "\t\n\r".contains(character)
}

/// Looks at the XML of a request.
///
/// # Errors
/// When it has characters that no XML has.
pub fn check(body: &Bytes) -> S3Result<Option<WithLineFeeds>> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.chars().all(is_allowed));
    let text = text.ok_or_else(rules::malformed_xml)?;
    let lines = || text.replace("\r\n", "\n").replace('\r', "\n");
    Ok(text.contains('\r').then(|| WithLineFeeds(lines().into())))
}

impl WithLineFeeds {
    /// The objects to be deleted.
    ///
    /// # Errors
    /// When it tells of none.
    pub fn delete(&self) -> S3Result<Delete> {
        let mut reader = Deserializer::new(&self.0);
        let delete: xml::DeResult<Delete> = Deserialize::deserialize(&mut reader);
        delete.map_err(|_| rules::malformed_xml())
    }
}

/// An answer's XML with references; none if it needs none. s3s writes such characters nowhere but in texts.
#[must_use]
pub fn with_references(body: &Bytes) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let is_referred = |character| character == '\r' || !is_allowed(character);
    text.contains(is_referred).then(|| {
        let mut written = String::with_capacity(text.len() + 64);
        for character in text.chars() {
            // Writing to a string cannot fail.
            let _ = match character {
                '\r' => written.write_str("&#13;"),
                _ if is_referred(character) => write!(written, "&#x{:x};", u32::from(character)),
                _ => written.write_char(character),
            };
        }
        written
    })
}

/// An error's XML with S3's message, where s3s gives none.
#[must_use]
pub fn with_message(body: &str) -> Option<String> {
    if !body.contains("<Error>") || body.contains("<Message>") {
        return None;
    }
    let (before, behind) = body.split_once("</Code>")?;
    let (_, code) = before.split_once("<Code>")?;
    Some(format!("{before}</Code><Message>{}</Message>{behind}", rules::message(code)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_has_references_for_what_xml_cannot_hold() {
        let references = |text: &'static str| with_references(&Bytes::from_static(text.as_bytes()));
        let body = "<Key>a\u{1}\r\n\t\u{1f}\u{fffe}\u{7f}</Key>";
        assert_eq!(references(body).unwrap(), "<Key>a&#x1;&#13;\n\t&#x1f;&#xfffe;\u{7f}</Key>");
        assert_eq!(references("<Key>a\n\tü</Key>"), None);
    }

    #[test]
    fn a_request_s_line_breaks_are_line_feeds_and_references_stay() {
        let body = "<Delete><Object><Key>a\rb\r\nc&#13;d</Key></Object></Delete>";
        let delete = check(&Bytes::from_static(body.as_bytes())).unwrap().unwrap().delete().unwrap();
        assert_eq!(delete.objects[0].key, "a\nb\nc\rd");
    }

    #[test]
    fn an_error_without_a_message_gets_s3s() {
        let error = "<Error><Code>KeyTooLongError</Code></Error>";
        let said = "<Error><Code>KeyTooLongError</Code><Message>Your key is too long</Message></Error>";
        assert_eq!(with_message(error).as_deref(), Some(said));
        assert_eq!(with_message(said), None);
        assert_eq!(with_message("<Tagging/>"), None);
    }

    proptest! {
        #[test]
        fn what_an_answer_refers_to_is_nowhere_in_it(text in any::<String>()) {
            let written = with_references(&Bytes::from(text.clone())).unwrap_or(text);
            prop_assert!(written.chars().all(|c| c != '\r' && is_allowed(c)));
        }
    }
}
