//! Keys of objects in S3's XML, which cannot hold all that keys can:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.

use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;

/// A key of a listing as it is, if the listing says that it is encoded.
#[must_use]
pub fn decode_key(key: String, encoding: Option<&EncodingType>) -> String {
    if encoding == Some(&EncodingType::Url) { decode_url(&key) } else { key }
}

/// A key as it is of one in S3's `encoding-type=url`: percent-encoded, with a `+` for a blank.
#[must_use]
pub fn decode_url(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Whether XML 1.0 can hold a text: <https://www.w3.org/TR/xml/#charsets>. S3 refuses a request to delete several objects whose
/// keys it cannot hold, also where they are written as references such as `&#x1;`; SQS refuses such messages.
#[must_use]
pub fn is_xml_text(text: &str) -> bool {
    let is_refused = |c: char| c < ' ' && !"\t\n\r".contains(c) || matches!(c, '\u{fffe}' | '\u{ffff}');
    !text.contains(is_refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_listing_are_decoded_where_s3_has_encoded_them() {
        let encoded = "a+b%2Bc/%C3%BC%25%01".to_owned();
        assert_eq!(decode_key(encoded, Some(&EncodingType::Url)), "a b+c/ü%\u{1}");
        assert_eq!(decode_key("a+b%2B".to_owned(), None), "a+b%2B");
    }

    #[test]
    fn control_characters_but_white_space_are_no_text() {
        assert!(is_xml_text("a b\tü\r\n\u{7f}\u{85}\u{1f600}"));
        for text in ["a\u{1}", "\u{1f}", "a\u{fffe}b", "\u{ffff}"] {
            assert!(!is_xml_text(text), "{text:?}");
        }
    }
}
