//! What is sent, and by whom it is signed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;

use crate::request::RequestFactory;
use crate::signer::{RENEWAL, Signer};

const URL: &str = "http://127.0.0.1:4566/_aws/execute-api/abc/messages";

fn credentials(expiry: Option<SystemTime>) -> Credentials {
    let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    Credentials::new("AKIDEXAMPLE", key, Some("session".to_owned()), expiry, "test")
}

fn signer(provider: impl ProvideCredentials + 'static) -> Signer {
    Signer::new(SharedCredentialsProvider::new(provider), "us-east-1")
}

/// Gives credentials out that expire in half a minute, and none any more after the second time.
#[derive(Debug, Default)]
struct Expiring(AtomicU64);

impl ProvideCredentials for Expiring {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::ready(match self.0.fetch_add(1, Relaxed) {
            0 | 1 => Ok(credentials(Some(SystemTime::now() + RENEWAL / 2))),
            _ => Err(CredentialsError::not_loaded("signed out")),
        })
    }
}

#[tokio::test]
async fn a_message_is_what_the_function_expects() {
    let factory = RequestFactory::new(&URL.parse().unwrap(), "run".to_owned(), 10, None).unwrap();
    let request = factory.request(7, 1_440_938_160_000_000).await.unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "/_aws/execute-api/abc/messages");
    assert_eq!(request.headers()[HOST], "127.0.0.1:4566");
    assert!(!request.headers().contains_key("authorization"), "an open API needs no signature");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, r#"{"id":"run-7","message":"lambench l","timestamp":1440938160000000}"#);
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
}

#[test]
fn a_signature_is_the_one_that_the_aws_cli_makes() {
    let body = r#"{"id":"run-7","message":"lambench l","timestamp":1440938160000000}"#;
    let mut request = Request::new(Full::new(Bytes::from(body)));
    request.headers_mut().insert(HOST, HeaderValue::from_static("127.0.0.1:4566"));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let time = SystemTime::UNIX_EPOCH + Duration::from_mins(24_015_636);
    let signer = signer(credentials(None));
    signer.sign(&mut request, URL, body.as_bytes(), credentials(None), time).unwrap();
    assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
    assert_eq!(request.headers()["x-amz-security-token"], "session");
    assert_eq!(
        request.headers()["authorization"],
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
         Signature=d580f99e85bbad0e2e2485d7615d4c9885a6f75342638e44402fc14c58b582ab"
    );
}

#[tokio::test]
async fn credentials_are_renewed_before_they_expire_and_kept_where_there_are_no_others() {
    let signer = signer(Expiring::default());
    let first = signer.credentials().await.unwrap();
    let second = signer.credentials().await.unwrap();
    assert!(second.expiry() > first.expiry(), "the first ones were about to expire");
    assert_eq!(signer.credentials().await.unwrap().expiry(), second.expiry());
}

#[tokio::test]
async fn without_credentials_the_run_says_how_to_get_some() {
    let provider = Expiring(AtomicU64::new(2));
    let error = signer(provider).credentials().await.unwrap_err();
    assert!(format!("{error:#}").contains("lambench local env"), "{error:#}");
}
