//! Connections, signatures, attempts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lambda_kit::env::{self, EnvError};
use lambda_kit::{Backoff, error_chain};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::body::Body;
use crate::call::{Answer, Call, escaped_path};
use crate::charged::{Charge, Charged, Counters};
use crate::concurrency_limit::{ConcurrencyLimit, Permit};
use crate::error::Error;
use crate::resolver::Resolver;

/// A host that accepts no connection within this is not going to.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What comes first of an answer is received into a buffer of this size, bytes, which a smaller body would keep from being
/// used again: tens of thousands of objects of some bytes would take hundreds of megabytes.
const RECEIVE_BUFFER: usize = 8 << 10;
/// S3 closes connections that are idle for longer.
const IDLE: Duration = Duration::from_secs(10);
/// Attempts a request gets. Each of thousands has to succeed, also where S3 refuses one in three.
const ATTEMPTS: u32 = 16;
/// The longest pause between them.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where S3 is, and who asks.
#[derive(Debug, Clone)]
pub struct Settings {
    /// An address of one's own, or none for AWS's.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The execution environment's.
    pub credentials: Credentials,
    /// Requests under way at once, as long as S3 refuses none.
    pub concurrency: usize,
}

impl Settings {
    /// What Lambda puts into the environment.
    ///
    /// # Errors
    /// If a variable is missing.
    pub fn of_environment(concurrency: usize) -> Result<Self, EnvError> {
        let optional = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let credentials = Credentials::new(
            env::setting::<String>("AWS_ACCESS_KEY_ID", "the access key's id")?,
            env::setting::<String>("AWS_SECRET_ACCESS_KEY", "the access key's secret")?,
            optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let endpoint = optional("AWS_ENDPOINT_URL_S3").or_else(|| optional("AWS_ENDPOINT_URL"));
        Ok(Self {
            endpoint,
            region: env::setting("AWS_REGION", "the bucket's region")?,
            credentials,
            concurrency,
        })
    }

    /// How the URLs of a bucket's objects start.
    fn base(&self, bucket: &str) -> String {
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        match &self.endpoint {
            Some(endpoint) => format!("{}/{bucket}/", endpoint.trim_end_matches('/')),
            // A certificate for all buckets doesn't cover names with dots.
            None if bucket.contains('.') => format!("https://s3.{}.{domain}/{bucket}/", self.region),
            None => format!("https://{bucket}.s3.{}.{domain}/", self.region),
        }
    }
}

/// A bucket. Clones share connections and limits.
#[derive(Clone)]
pub struct S3 {
    shared: Arc<Shared>,
    stop: CancellationToken,
    writes: TaskTracker,
}

struct Shared {
    http: Client<HttpsConnector<HttpConnector<Resolver>>, Body>,
    settings: Settings,
    bucket: String,
    base: String,
    limit: ConcurrencyLimit,
    sent: AtomicU64,
    again: AtomicU64,
    unanswered: AtomicU64,
    charged: Counters,
}

/// Requests so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// All attempts.
    pub sent: u64,
    /// Second and later attempts.
    pub again: u64,
    /// Attempts without an answer: S3 may have done what they asked for.
    pub unanswered: u64,
}

impl S3 {
    /// A bucket; no connection is made yet.
    ///
    /// # Errors
    /// If this machine's certificates cannot be read.
    pub fn new(settings: Settings, bucket: &str) -> io::Result<Self> {
        let base = settings.base(bucket);
        let mut tcp = HttpConnector::new_with_resolver(Resolver::default());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let http = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector(&base, tcp)?);
        let limit = ConcurrencyLimit::new(settings.concurrency);
        let [sent, again, unanswered] = [(); 3].map(|()| AtomicU64::new(0));
        let bucket = bucket.to_owned();
        let charged = Counters::default();
        let shared = Shared { http, settings, bucket, base, limit, sent, again, unanswered, charged };
        Ok(Self { shared: Arc::new(shared), stop: CancellationToken::new(), writes: TaskTracker::new() })
    }

    /// The same bucket for requests that end with `stop`: those under way are still answered, none starts.
    #[must_use]
    pub fn until(&self, stop: CancellationToken) -> Self {
        Self { shared: Arc::clone(&self.shared), stop, writes: TaskTracker::new() }
    }

    /// Waits for requests under way that write, those that nobody waits for any more included: S3 may still do what they ask
    /// for, whoever hangs up.
    pub async fn settled(&self) {
        self.writes.close();
        self.writes.wait().await;
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.shared.bucket
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let Shared { sent, again, unanswered, .. } = &*self.shared;
        let [sent, again, unanswered] =
            [sent, again, unanswered].map(|counter| counter.load(Ordering::Relaxed));
        Requests { sent, again, unanswered }
    }

    /// Requests so far that S3 charges for.
    #[must_use]
    pub fn charged(&self) -> Charged {
        self.shared.charged.so_far()
    }

    /// Sends a request until it is answered.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer, Error> {
        self.attempts(|_| self.once(&call)).await
    }

    /// One attempt, within the limit of requests under way. One that writes goes on if nobody waits for it any more: S3 would
    /// do it all the same, and nobody would know when.
    pub(crate) async fn once(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let permit = self.permit().await?;
        // On the heap only from here on: thousands of requests wait for a permit.
        let answer = Box::pin(self.answer(call)?);
        let answer = if [Method::GET, Method::HEAD].contains(&call.method) {
            answer.await
        } else {
            self.writes.spawn(answer).await.unwrap_or_else(|panic| Err(broken(&panic)))
        };
        drop(permit);
        answer
    }

    /// Does `attempt`, which is told its number from 0, until it succeeds or fails for good.
    pub(crate) async fn attempts<T, F: Future<Output = Result<T, Error>>>(
        &self,
        mut attempt: impl FnMut(u32) -> F,
    ) -> Result<T, Error> {
        let (mut number, mut backoff) = (0, Backoff::up_to(LONGEST_PAUSE));
        loop {
            if self.stop.is_cancelled() {
                return Err(Error::Stopped);
            }
            let error = match attempt(number).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            number += 1;
            if error.is_no_answer() {
                self.shared.unanswered.fetch_add(1, Ordering::Relaxed);
            }
            if !error.is_transient() || number == ATTEMPTS {
                return Err(error);
            }
            tracing::debug!(%error, number, "trying again");
            self.shared.again.fetch_add(1, Ordering::Relaxed);
            tokio::select! {
                () = tokio::time::sleep(backoff.next_pause()) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn permit(&self) -> Result<Permit<'_>, Error> {
        tokio::select! {
            permit = self.shared.limit.acquire() => permit.map_err(|_| Error::Stopped),
            () = self.stop.cancelled() => Err(Error::Stopped),
        }
    }

    /// One attempt, whose answer is read as a whole.
    fn answer(
        &self,
        call: &Call<'_>,
    ) -> Result<impl Future<Output = Result<Answer, Error>> + Send + use<>, Error> {
        let response = self.send(call, Body::whole(call.body.clone()))?;
        let whole = async {
            let (parts, body) = response.await?.into_parts();
            let mut body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
            if body.len() < RECEIVE_BUFFER {
                body = Bytes::copy_from_slice(&body);
            }
            Ok(Answer { headers: parts.headers, body })
        };
        let limit = call.timeout;
        Ok(async move { timeout(limit, whole).await.unwrap_or(Err(Error::Silent(limit))) })
    }

    /// One attempt, up to the response's headers.
    pub(crate) async fn response(&self, call: &Call<'_>, body: Body) -> Result<Response<Incoming>, Error> {
        self.send(call, body)?.await
    }

    fn send(
        &self,
        call: &Call<'_>,
        body: Body,
    ) -> Result<impl Future<Output = Result<Response<Incoming>, Error>> + Send + use<>, Error> {
        self.shared.sent.fetch_add(1, Ordering::Relaxed);
        let charge = Charge::of(call);
        self.shared.charged.sent(charge);
        let response = self.shared.http.request(self.signed(call, body)?);
        let (shared, sent_at) = (Arc::clone(&self.shared), Instant::now());
        Ok(async move {
            let response = response.await.map_err(|error| broken(&error))?;
            let status = response.status();
            shared.charged.answered(charge, status);
            if status == StatusCode::SERVICE_UNAVAILABLE {
                shared.limit.refused(sent_at);
            } else {
                shared.limit.answered();
            }
            if status.is_success() {
                return Ok(response);
            }
            let body = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
            Err(Error::refused(status.as_u16(), &String::from_utf8_lossy(&body)))
        })
    }

    fn signed(&self, call: &Call<'_>, body: Body) -> Result<Request<Body>, Error> {
        let Settings { region, credentials, .. } = &self.shared.settings;
        let mut url = format!("{}{}", self.shared.base, escaped_path(call.key));
        if !call.query.is_empty() {
            url.push('?');
            url.push_str(&call.query);
        }
        let mut settings = SigningSettings::default();
        // TLS protects the body on its way: hashing it would only cost time.
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        // As S3 wants it: keys are signed as they are sent.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let unsigned = |error: &dyn std::error::Error| Error::Refused {
            status: 0,
            code: "Signature".to_owned(),
            message: error.to_string(),
        };
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("s3")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable =
            SignableRequest::new(call.method.as_str(), &url, headers, SignableBody::UnsignedPayload)
                .map_err(|error| unsigned(&error))?;
        let (instructions, _) = sign(signable, &parameters).map_err(|error| unsigned(&error))?.into_parts();
        let mut request = Request::builder().method(&call.method).uri(&url);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if [Method::PUT, Method::POST].contains(&call.method) {
            // An empty body would have none.
            request = request.header(CONTENT_LENGTH, body.size());
        }
        let mut request = request.body(body).map_err(|error| unsigned(&error))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// Reading the machine's certificates takes time: only where TLS is spoken.
fn connector(
    base: &str,
    tcp: HttpConnector<Resolver>,
) -> io::Result<HttpsConnector<HttpConnector<Resolver>>> {
    let (builder, provider) = (HttpsConnectorBuilder::new(), rustls::crypto::aws_lc_rs::default_provider());
    let builder = if base.starts_with("https:") {
        builder.with_provider_and_native_roots(provider)?
    } else {
        let config = ClientConfig::builder_with_provider(Arc::new(provider));
        let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let nobody = RootCertStore::empty();
        builder.with_tls_config(config.with_root_certificates(nobody).with_no_client_auth())
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}

pub(crate) fn broken(error: &dyn std::error::Error) -> Error {
    Error::Broken(error_chain(error))
}
