//! Signatures of requests to API Gateway (Signature Version 4).

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::sync::Mutex;

/// Credentials are renewed so long before they expire.
pub const RENEWAL: Duration = Duration::from_mins(1);

/// Signs requests by the credentials of a provider.
pub struct Signer {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Credentials>>,
    region: String,
    settings: SigningSettings,
}

impl Signer {
    /// A signer for a region.
    #[must_use]
    pub fn new(provider: SharedCredentialsProvider, region: &str) -> Self {
        let settings = SigningSettings::default();
        Self { provider, current: Mutex::new(None), region: region.to_owned(), settings }
    }

    /// Credentials that don't expire within the next minute, or the last ones if there are no others.
    pub(crate) async fn credentials(&self) -> Result<Credentials> {
        let mut current = self.current.lock().await;
        let now = SystemTime::now();
        if let Some(credentials) = current.as_ref()
            && credentials.expiry().is_none_or(|expiry| expiry > now + RENEWAL)
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

    /// Adds the headers of a signature to a POST request.
    pub(crate) fn sign(
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
