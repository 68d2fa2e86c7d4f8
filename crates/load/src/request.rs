//! The requests of a run: a message each, signed where the API wants to know who sends it.

use std::time::SystemTime;

use anyhow::{Context, Result};
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use protocol::pipeline::{Message, message_id};

use crate::signer::Signer;

/// Makes the requests of a run.
pub struct RequestFactory {
    url: String,
    uri: Uri,
    host: HeaderValue,
    run: String,
    text: String,
    signer: Option<Signer>,
}

impl RequestFactory {
    /// Makes messages of a run with a text of some bytes.
    pub fn new(uri: &Uri, run: String, bytes: usize, signer: Option<Signer>) -> Result<Self> {
        let authority = uri.authority().with_context(|| format!("{uri} names no host"))?;
        Ok(Self {
            url: uri.to_string(),
            uri: uri.path().parse()?,
            host: authority.as_str().parse()?,
            run,
            text: "lambench ".chars().cycle().take(bytes).collect(),
            signer,
        })
    }

    /// Fails if there are no credentials to sign requests with.
    pub async fn check_credentials(&self) -> Result<()> {
        if let Some(signer) = &self.signer {
            signer.credentials().await?;
        }
        Ok(())
    }

    /// The request of a number, which is due at a time, µs since 1970.
    pub async fn request(&self, number: u64, due_us: u64) -> Result<Request<Full<Bytes>>> {
        let id = message_id(&self.run, number);
        let message = Message { id: &id, message: &self.text, timestamp: due_us };
        let body = Bytes::from(serde_json::to_vec(&message)?);
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(signer) = &self.signer {
            let credentials = signer.credentials().await?;
            signer.sign(&mut request, &self.url, &body, credentials, SystemTime::now())?;
        }
        Ok(request)
    }
}
