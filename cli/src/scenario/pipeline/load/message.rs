//! The requests of a run: a message each, signed where the API wants to know who sends it.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::sync::Mutex;

const JSON: &str = "application/json";
/// Credentials are renewed so long before they expire.
const EARLY: Duration = Duration::from_mins(1);

/// What makes the requests of a run.
pub struct Messages {
    url: String,
    uri: Uri,
    host: HeaderValue,
    run: String,
    filler: String,
    signer: Option<Signer>,
}

impl Messages {
    /// Messages of a run with a text of some bytes.
    pub fn new(uri: &Uri, run: &str, size: usize, signer: Option<Signer>) -> Result<Self> {
        let authority = uri.authority().with_context(|| format!("{uri} names no host"))?;
        Ok(Self {
            url: uri.to_string(),
            uri: uri.path().parse()?,
            host: authority.as_str().parse()?,
            run: run.to_owned(),
            filler: "lambench ".chars().cycle().take(size).collect(),
            signer,
        })
    }

    /// Whether requests can be made at all.
    pub async fn check(&self) -> Result<()> {
        if let Some(signer) = &self.signer {
            signer.credentials().await?;
        }
        Ok(())
    }

    /// The request of a number, which is due at a time, µs since 1970.
    pub async fn request(&self, number: u64, due_us: u64) -> Result<Request<Full<Bytes>>> {
        let body = Bytes::from(self.body(number, due_us));
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        if let Some(signer) = &self.signer {
            let credentials = signer.credentials().await?;
            signer.sign(&mut request, &self.url, &body, credentials, SystemTime::now())?;
        }
        Ok(request)
    }

    /// Run and filler are plain text that JSON takes as it is.
    fn body(&self, number: u64, due_us: u64) -> String {
        let Self { run, filler, .. } = self;
        format!(r#"{{"id":"{run}-{number}","message":"{filler}","timestamp":{due_us}}}"#)
    }
}

/// Signs requests to API Gateway (Signature Version 4).
pub struct Signer {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Credentials>>,
    region: String,
    settings: SigningSettings,
}

impl Signer {
    /// Signs by the credentials of a provider.
    pub fn new(provider: SharedCredentialsProvider, region: &str) -> Self {
        let settings = SigningSettings::default();
        Self { provider, current: Mutex::new(None), region: region.to_owned(), settings }
    }

    /// Credentials that don't expire within the next minute, or the last ones if there are no others.
    async fn credentials(&self) -> Result<Credentials> {
        let mut current = self.current.lock().await;
        let now = SystemTime::now();
        if let Some(credentials) = current.as_ref()
            && credentials.expiry().is_none_or(|expiry| expiry > now + EARLY)
        {
            return Ok(credentials.clone());
        }
        match (self.provider.provide_credentials().await, current.as_ref()) {
            (Ok(fresh), _) => Ok(current.insert(fresh).clone()),
            (Err(_), Some(last)) => Ok(last.clone()),
            (Err(error), None) => Err(error).context(
                "there are no AWS credentials to sign requests with: sign in with the AWS CLI, or: \
                 eval \"$(lambench local env)\"",
            ),
        }
    }

    fn sign(
        &self,
        request: &mut Request<Full<Bytes>>,
        url: &str,
        body: &[u8],
        credentials: Credentials,
        now: SystemTime,
    ) -> Result<()> {
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("execute-api")
            .time(now)
            .settings(self.settings.clone())
            .build()?;
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body))?;
        let (instructions, _) = sign(signable, &parameters.into())?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
