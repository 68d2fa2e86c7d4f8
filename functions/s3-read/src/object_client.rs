//! The two ways to an object's bytes. What follows the first header is the same for both.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::byte_stream::error::Error as BodyError;
use lambda_kit::{Failure, aws};
use protocol::s3_read::{FailureKind, Variant};

use crate::bucket_url::BucketUrl;
use crate::error::ReadError;
use crate::message::{self, Target};

/// Of an error's description this much is read, bytes.
const MAX_DESCRIPTION: usize = 16 * 1024;

/// How objects are asked for.
pub enum ObjectClient {
    /// By their URLs.
    Signed(Signed),
    /// By the SDK.
    Sdk(Sdk),
}

/// Plain HTTP, with the SDK's own client: same TLS, same pool of connections, same timeouts. Redirects are not followed.
pub struct Signed {
    connector: SharedHttpConnector,
    bucket_url: BucketUrl,
    /// Who asks: S3's access logs have it, and a URL says only who has signed it.
    user_agent: String,
}

/// The SDK's client.
pub struct Sdk {
    client: Client,
    bucket: String,
}

/// An object whose bytes are on their way.
pub struct Opened {
    /// How many bytes S3 says there are.
    pub length: Option<u64>,
    /// The MD5 of the content, lowercase hexadecimal digits, where S3 knows it.
    pub md5: Option<String>,
    /// The content.
    pub body: ByteStream,
}

/// Nothing can fetch a URL.
#[derive(Debug, thiserror::Error)]
#[error("this build has no HTTP client with TLS")]
pub struct NoClient;

impl ObjectClient {
    /// The client of a variant for a bucket.
    ///
    /// # Errors
    /// If the bucket's address cannot be found: without region or credentials.
    pub async fn new(config: &SdkConfig, variant: Variant, bucket: &str) -> Result<Self, Failure> {
        // Both variants retry in the same way, in `object`: the SDK does not retry when a body breaks.
        let client = aws::s3(config);
        let client =
            Client::from_conf(client.config().to_builder().retry_config(RetryConfig::disabled()).build());
        Ok(match variant {
            Variant::Sdk => Self::Sdk(Sdk { client, bucket: bucket.to_owned() }),
            Variant::Signed => {
                let bucket_url = BucketUrl::find(&client, bucket).await?;
                let connector = default_connector(&settings(config), config.sleep_impl()).ok_or(NoClient)?;
                Self::Signed(Signed { connector, bucket_url, user_agent: user_agent() })
            }
        })
    }

    /// The object that a message names.
    ///
    /// # Errors
    /// If it names none that may be read.
    pub fn target(&self, body: &str) -> Result<Target, ReadError> {
        match self {
            Self::Signed(signed) => message::by_url(body, &signed.bucket_url),
            Self::Sdk(_) => message::by_key(body),
        }
    }

    /// Asks for an object.
    ///
    /// # Errors
    /// If S3 doesn't start to send it.
    pub async fn open(&self, target: &Target) -> Result<Opened, ReadError> {
        match self {
            Self::Signed(signed) => signed.open(target).await,
            Self::Sdk(sdk) => sdk.open(target).await,
        }
    }
}

/// This program, and which of its environments.
fn user_agent() -> String {
    let environment = std::env::var("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_default();
    format!("lambench-s3-read/{} {environment}", env!("CARGO_PKG_VERSION"))
}

/// The SDK's timeouts.
fn settings(config: &SdkConfig) -> HttpConnectorSettings {
    let timeouts = config.timeout_config();
    let mut settings = HttpConnectorSettings::builder();
    settings.set_connect_timeout(timeouts.and_then(TimeoutConfig::connect_timeout));
    settings.set_read_timeout(timeouts.and_then(TimeoutConfig::read_timeout));
    settings.build()
}

impl Signed {
    async fn open(&self, target: &Target) -> Result<Opened, ReadError> {
        let url = target.url.as_ref().map(ToString::to_string).unwrap_or_default();
        let broken = |error: &(dyn std::error::Error + 'static)| {
            ReadError::broken(&format!("ask for {}", target.key), error)
        };
        let mut request = HttpRequest::get(&url).map_err(|error| broken(&error))?;
        let named = request.headers_mut().try_insert("user-agent", self.user_agent.clone());
        named.map_err(|error| broken(&error))?;
        let answer = self.connector.call(request).await.map_err(|error| {
            let broken = broken(&error);
            if error.is_timeout() { ReadError { kind: FailureKind::Timeout, ..broken } } else { broken }
        })?;
        if answer.status().as_u16() != 200 {
            return Err(error_response(answer).await);
        }
        let header = |name| answer.headers().get(name);
        let kms = header("x-amz-server-side-encryption").is_some_and(|kind| kind != "AES256");
        let own_key = header("x-amz-server-side-encryption-customer-algorithm").is_some();
        let md5 = header("etag").filter(|_| !kms && !own_key).and_then(md5_of);
        let length = header("content-length").and_then(|length| length.parse().ok());
        Ok(Opened { length, md5, body: ByteStream::new(answer.into_body()) })
    }
}

/// An answer that is not the object.
async fn error_response(answer: HttpResponse) -> ReadError {
    let status = answer.status().as_u16();
    let mut body = ByteStream::new(answer.into_body());
    let mut description = Vec::new();
    while let Some(Ok(chunk)) = body.next().await {
        description.extend_from_slice(&chunk);
        if description.len() > MAX_DESCRIPTION {
            break;
        }
    }
    let text = String::from_utf8_lossy(&description);
    ReadError::answer(status, element(&text, "Code"), element(&text, "Message"))
}

/// The text of an XML element that has no others in it.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(text, _)| text)
}

/// The MD5 in an entity tag: that of an object written in one request; others have a `-`.
fn md5_of(etag: &str) -> Option<String> {
    let digits = etag.trim_matches('"');
    let is_md5 = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_md5.then(|| digits.to_ascii_lowercase())
}

impl Sdk {
    async fn open(&self, target: &Target) -> Result<Opened, ReadError> {
        let request = self.client.get_object().bucket(&self.bucket).key(&target.key);
        let output = Box::pin(request.send()).await.map_err(|error| read_error(&target.key, &error))?;
        let length = output.content_length.and_then(|length| u64::try_from(length).ok());
        let md5 = output.e_tag().filter(|_| is_plain(&output)).and_then(md5_of);
        Ok(Opened { length, md5, body: output.body })
    }
}

/// Whether the entity tag is of the content, not of what a key has made of it.
fn is_plain(output: &GetObjectOutput) -> bool {
    let encryption = output.server_side_encryption();
    encryption.is_none_or(|kind| *kind == ServerSideEncryption::Aes256)
        && output.sse_customer_algorithm().is_none()
}

fn read_error(key: &str, error: &SdkError<GetObjectError>) -> ReadError {
    let broken = || ReadError::broken(&format!("ask for {key}"), error);
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            ReadError::answer(status, error.code(), error.message())
        }
        SdkError::ConstructionFailure(_) => ReadError { kind: FailureKind::Unreadable, ..broken() },
        SdkError::TimeoutError(_) => timeout(&format!("no answer for {key} in time")),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            ReadError { kind: FailureKind::Timeout, ..broken() }
        }
        _ => broken(),
    }
}

/// What did not come in time.
#[must_use]
pub fn timeout(text: &str) -> ReadError {
    ReadError::new(FailureKind::Timeout, text.to_owned())
}

/// What became of a body.
#[must_use]
pub fn body_error(key: &str, error: &BodyError) -> ReadError {
    ReadError::broken(&format!("read {key}"), error)
}

/// A body that stands still for this long is given up: as the SDK does by itself.
pub const STALL: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_is_an_md5_only_of_objects_written_at_once() {
        let md5 = "9e107d9d372bb6826bd81d3542a419d6";
        assert_eq!(md5_of(&format!("\"{}\"", md5.to_uppercase())).as_deref(), Some(md5));
        assert_eq!(md5_of("\"9e107d9d372bb6826bd81d3542a419d6-3\""), None);
        assert_eq!(md5_of("\"abc\""), None);
    }

    #[test]
    fn s3s_description_of_an_error_is_read() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        assert_eq!(
            (element(xml, "Code"), element(xml, "Message")),
            (Some("AccessDenied"), Some("Request has expired"))
        );
        assert_eq!(element("upstream away", "Code"), None);
    }
}
