//! A request becomes a Kinesis record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::LocalBoxFuture;
use lambda_kit::{Failure, env, now_us};
use protocol::pipeline::{ARRIVED_HEADER, COLD_START_HEADER, MAX_BODY, REQUEST_ID_HEADER, Reply, THROTTLED};
use serde::{Deserialize, Serialize};

use crate::delivery::Record;
use crate::fields::{FieldError, Fields, Name};

/// Attempts to put a record; the waits between them grow from 50 ms to a second, 1.5 s in all on average.
const ATTEMPTS: u32 = 7;
/// A request to Kinesis that isn't answered within this is sent again.
const ATTEMPT: Duration = Duration::from_secs(2);
/// Left of the invocation for the answer.
const RESERVE: Duration = Duration::from_secs(1);

/// What of a request of an HTTP API (payload format 2.0) matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The body, if there is one.
    pub body: Option<String>,
    /// Whether the body is base64.
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// What an HTTP API makes its response of.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// HTTP's status.
    pub status_code: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, String>,
    /// JSON.
    pub body: String,
}

/// Why a message isn't accepted.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("the body is said to be base64, but isn't: {0}")]
    NoBase64(#[from] base64::DecodeError),
    #[error("the body isn't UTF-8, from byte {0} on")]
    NoUtf8(usize),
    #[error("the body has {0} bytes, but must have {MAX_BODY} at most")]
    TooLong(usize),
    #[error("{THROTTLED}: the stream accepts no more at the moment: send the message again later")]
    Throttled,
    #[error(
        "the stream cannot be reached: send the message again; it counts once, even if this one has arrived"
    )]
    Failed,
}

impl RequestError {
    fn status(&self) -> u16 {
        match self {
            Self::Field(_) | Self::NoBase64(_) | Self::NoUtf8(_) => 400,
            Self::TooLong(_) => 413,
            Self::Throttled => 503,
            Self::Failed => 500,
        }
    }
}

/// What `upstream` is set up with.
pub struct Upstream {
    client: Client,
    stream: String,
    warm: AtomicBool,
}

impl Upstream {
    /// From the environment: `STREAM_NAME`.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        Ok(Self::new(config, env::setting("STREAM_NAME", "the name of the Kinesis stream")?))
    }

    /// For a stream by its name.
    #[must_use]
    pub fn new(config: &SdkConfig, stream: String) -> Self {
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(Duration::from_secs(1));
        let config = aws_sdk_kinesis::config::Builder::from(config)
            .retry_config(retries)
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
            .build();
        Self { client: Client::from_conf(config), stream, warm: AtomicBool::default() }
    }

    /// Checks a message and puts it into the stream; the invocation is known by `request_id`.
    #[must_use]
    pub fn handle<'a>(
        &'a self,
        request: &'a Request,
        request_id: &'a str,
        remaining: Duration,
    ) -> LocalBoxFuture<'a, Response> {
        Box::pin(async move {
            let arrived_us = now_us();
            let accepted = self.accept(request, arrived_us, remaining.saturating_sub(RESERVE)).await;
            let (status_code, message) = match accepted {
                Ok(()) => (200, "success".to_owned()),
                Err(error) => (error.status(), error.to_string()),
            };
            let mut headers = BTreeMap::from([
                ("content-type", "application/json".to_owned()),
                (ARRIVED_HEADER, arrived_us.to_string()),
                (REQUEST_ID_HEADER, request_id.to_owned()),
            ]);
            if !self.warm.swap(true, Ordering::Relaxed) {
                headers.insert(COLD_START_HEADER, "1".to_owned());
            }
            Response { status_code, headers, body: json(&Reply { message }) }
        })
    }

    async fn accept(&self, request: &Request, arrived_us: u64, within: Duration) -> Result<(), RequestError> {
        let body = body(request)?;
        if body.len() > MAX_BODY {
            return Err(RequestError::TooLong(body.len()));
        }
        // The parser reads the fields that it knows as UTF-8, and passes others over as they are.
        std::str::from_utf8(&body).map_err(|error| RequestError::NoUtf8(error.valid_up_to()))?;
        let mut fields = Fields::from_json(&body, "the body")?;
        let (id, message) = (fields.id()?, fields.string(Name::Message)?);
        let timestamp = fields.number(Name::Timestamp)?;
        self.put(&Record { id: &id, message: &message, timestamp, arrived_us }, within).await
    }

    async fn put(&self, record: &Record<'_>, within: Duration) -> Result<(), RequestError> {
        let data = json(record).into_bytes();
        let request = self.client.put_record().stream_name(&self.stream).partition_key(record.id);
        let put = tokio::time::timeout(within, request.data(Blob::new(data)).send()).await;
        let Ok(put) = put else {
            tracing::error!(id = record.id, ?within, "Kinesis didn't answer in time");
            return Err(RequestError::Failed);
        };
        put.map(|_| ()).map_err(|error| {
            let throttled = error.code().is_some_and(is_throttling);
            let doing = format_args!("put message {} into the stream {}", record.id, self.stream);
            tracing::error!(failure = %Failure::aws(doing, &error), "the message isn't accepted");
            if throttled { RequestError::Throttled } else { RequestError::Failed }
        })
    }
}

fn body(request: &Request) -> Result<Cow<'_, [u8]>, RequestError> {
    let text = request.body.as_deref().unwrap_or_default();
    Ok(if request.is_base64_encoded { STANDARD.decode(text)?.into() } else { text.as_bytes().into() })
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and finite numbers are JSON")
}

fn is_throttling(code: &str) -> bool {
    matches!(code, "ProvisionedThroughputExceededException" | "LimitExceededException")
        || code.contains("Throttling")
}
