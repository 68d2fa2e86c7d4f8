//! Who may ask: signatures, and URLs that carry one.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_s3::presigning::PresigningConfig;

use crate::support::raw_http::{Answer, SignedPut, UNSIGNED};
use crate::support::{S3, in_bucket, refused};

const MINUTE: Duration = Duration::from_mins(1);

/// Sends a request of a presigned URL.
fn send(method: &str, url: &str, body: &str) -> Answer {
    Answer::of(method, url, &[], body.as_bytes(), body.len())
}

/// A URL that gets an object.
async fn get_url(s3: &S3, key: &str, start: SystemTime, valid: Duration) -> String {
    let config = PresigningConfig::builder().start_time(start).expires_in(valid).build().unwrap();
    s3.get(key).presigned(config).await.unwrap().uri().to_owned()
}

#[tokio::test]
async fn an_unknown_access_key_is_invalid() {
    in_bucket(async |s3| {
        let unknown = Credentials::new("AKIAUNKNOWN000000000", "secret", None, None, "checks");
        let client = s3.client_with(|settings| settings.credentials_provider(unknown));
        refused(client.put_object().bucket(&s3.bucket).key("key").send().await, 403, "InvalidAccessKeyId");
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_secret_does_not_match() {
    in_bucket(async |s3| {
        let token = s3.credentials.session_token().map(str::to_owned);
        let wrong = Credentials::new(s3.credentials.access_key_id(), "wrong", token, None, "checks");
        let client = s3.client_with(|settings| settings.credentials_provider(wrong));
        refused(client.put_object().bucket(&s3.bucket).key("key").send().await, 403, "SignatureDoesNotMatch");
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn without_a_signature_access_is_denied() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        let settings = Config::builder().behavior_version(BehaviorVersion::latest()).allow_no_auth();
        let settings = settings.endpoint_url(&s3.endpoint).region(Region::new(s3.region.clone()));
        let client = Client::from_conf(settings.force_path_style(true).build());
        refused(client.get_object().bucket(&s3.bucket).key("key").send().await, 403, "AccessDenied");
    })
    .await;
}

#[tokio::test]
async fn a_clock_off_by_more_than_15_minutes_is_refused() {
    in_bucket(async |s3| {
        let at = |time| SignedPut::at(time, s3, "key", UNSIGNED, "", &[]).send(b"content");
        let now = SystemTime::now();
        at(now - 16 * MINUTE).assert_refused(403, "RequestTimeTooSkewed");
        at(now + 16 * MINUTE).assert_refused(403, "RequestTimeTooSkewed");
        s3.assert_missing("key").await;
        assert_eq!(at(now - 14 * MINUTE).status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_presigned_url_gets_an_object() {
    in_bucket(async |s3| {
        s3.put("a b/ü+%20", "content").send().await.unwrap();
        let answer = send("GET", &get_url(s3, "a b/ü+%20", SystemTime::now(), MINUTE).await, "");
        assert_eq!((answer.status, answer.body.as_str()), (200, "content"));
    })
    .await;
}

#[tokio::test]
async fn a_presigned_url_puts_an_object() {
    in_bucket(async |s3| {
        let config = PresigningConfig::expires_in(MINUTE).unwrap();
        let url = s3.client.put_object().bucket(&s3.bucket).key("key").presigned(config).await.unwrap();
        let answer = send("PUT", url.uri(), "content");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(s3.content("key").await, "content");
    })
    .await;
}

#[tokio::test]
async fn a_presigned_url_expires() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        let start = SystemTime::now() - 2 * MINUTE;
        let answer = send("GET", &get_url(s3, "key", start, MINUTE).await, "");
        answer.assert_refused(403, "AccessDenied");
        assert!(answer.body.contains("Request has expired"), "{answer:?}");
        assert_eq!(send("GET", &get_url(s3, "key", start, 10 * MINUTE).await, "").body, "content");
    })
    .await;
}

/// The SDK refuses more than 7 days itself, so the longest URL is made longer: S3 looks at that before the signature.
#[tokio::test]
async fn a_presigned_url_is_valid_for_7_days_at_most() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        let week = get_url(s3, "key", SystemTime::now(), 7 * 24 * 60 * MINUTE).await;
        assert_eq!(send("GET", &week, "").body, "content");
        let longer = week.replace("X-Amz-Expires=604800", "X-Amz-Expires=604801");
        assert_ne!(longer, week);
        send("GET", &longer, "").assert_refused(400, "AuthorizationQueryParametersError");
    })
    .await;
}

#[tokio::test]
async fn a_presigned_url_is_for_one_key_and_method() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        s3.put("other", "content").send().await.unwrap();
        let url = get_url(s3, "key", SystemTime::now(), MINUTE).await;
        send("GET", &url.replace("/key?", "/other?"), "").assert_refused(403, "SignatureDoesNotMatch");
        send("DELETE", &url, "").assert_refused(403, "SignatureDoesNotMatch");
        assert_eq!(s3.content("key").await, "content");
    })
    .await;
}
