//! Presigned URLs, by the SDK's own implementation of Signature Version 4, without the rest of a request around it: many
//! thousands are needed at once, and no request is sent.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What Signature Version 4 escapes in an object's key.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The longest that Signature Version 4 lets a URL be valid, seconds: 7 days.
pub const MAX_VALID_SECONDS: u64 = 604_800;

/// What signs URLs of a bucket's objects.
#[derive(Debug, Clone)]
pub struct Signer {
    base: String,
    region: String,
    settings: SigningSettings,
}

/// A URL that could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign the URL of {key}: {reason}")]
pub struct SignError {
    key: String,
    reason: String,
}

/// The URL of an object in the bucket whose URLs start with `base`.
#[must_use]
pub fn url_of(base: &str, key: &str) -> String {
    format!("{base}{}", utf8_percent_encode(key, ESCAPED))
}

impl Signer {
    /// Signs URLs that start with `base`, for a region, which are valid for this long.
    #[must_use]
    pub fn new(base: &str, region: &str, valid: Duration) -> Self {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(valid);
        // As S3 wants it: keys are signed as they are sent.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        Self { base: base.to_owned(), region: region.to_owned(), settings }
    }

    /// The URL that GETs an object from `now` on.
    ///
    /// # Errors
    /// If the object's URL is none.
    pub fn url(&self, key: &str, credentials: Credentials, now: SystemTime) -> Result<String, SignError> {
        self.signed(key, credentials, now)
            .map_err(|error| SignError { key: key.to_owned(), reason: error.to_string() })
    }

    fn signed(
        &self,
        key: &str,
        credentials: Credentials,
        now: SystemTime,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let url = url_of(&self.base, key);
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(now)
            .settings(self.settings.clone())
            .build()?;
        let request =
            SignableRequest::new("GET", url.as_str(), std::iter::empty(), SignableBody::UnsignedPayload)?;
        let (instructions, _) = sign(request, &parameters.into())?.into_parts();
        let mut signed = http::Request::get(url.as_str()).body(())?;
        instructions.apply_to_request_http1x(&mut signed);
        Ok(signed.uri().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters".
    #[test]
    fn a_url_is_signed_as_aws_publishes_it() {
        let signer =
            Signer::new("https://examplebucket.s3.amazonaws.com/", "us-east-1", Duration::from_hours(24));
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "test",
        );
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(380_376);
        let url = signer.url("test.txt", credentials, now).unwrap();
        let signature = "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(url.contains(signature), "{url}");
        assert!(
            url.starts_with(
                "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            )
        );
    }

    #[test]
    fn a_key_is_escaped_once() {
        assert_eq!(url_of("https://b/", "a b/ü+%&?#~.bin"), "https://b/a%20b/%C3%BC%2B%25%26%3F%23~.bin");
    }
}
