//! A keep-alive connection to the API, which carries one request at a time.

use anyhow::{Context, Result, bail};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::rt::{Read, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

/// Longest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Opens connections to one host.
#[derive(Clone)]
pub struct Connector {
    uri: Uri,
    /// Verifies the host's certificate; none for plain HTTP, so that this needs no certificates on the machine.
    tls: Option<HttpsConnector<HttpConnector>>,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// It couldn't be sent.
    NotSent,
    /// It was sent, perhaps only in part.
    Unknown,
}

type Sender = SendRequest<Full<Bytes>>;

impl Connector {
    /// Opens connections to the host of a URL.
    pub fn new(uri: &Uri) -> Result<Self> {
        let tls = match uri.scheme_str() {
            Some("http") => None,
            Some("https") => {
                Some(tls_connector().context("this machine has no certificates to verify the API with")?)
            }
            _ => bail!("{uri} is not an API address: deploy the stack again"),
        };
        Ok(Self { uri: uri.clone(), tls })
    }

    /// An open connection.
    pub async fn connect(&self) -> Result<Connection> {
        let sender = self.sender().await?;
        Ok(Connection { connector: self.clone(), sender: Some(sender) })
    }

    async fn sender(&self) -> Result<Sender> {
        if let Some(mut tls) = self.tls.clone() {
            return http1(tls.call(self.uri.clone()).await.map_err(anyhow::Error::from_boxed)?).await;
        }
        let host = self.uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.uri.port_u16().unwrap_or(80))).await?;
        stream.set_nodelay(true)?;
        http1(TokioIo::new(stream)).await
    }
}

fn tls_connector() -> std::io::Result<HttpsConnector<HttpConnector>> {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.enforce_http(false);
    Ok(HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1().wrap_connector(http))
}

async fn http1(stream: impl Read + Write + Unpin + Send + 'static) -> Result<Sender> {
    let (sender, connection) = handshake(stream).await?;
    // How it ends is told to whoever waits for an answer.
    tokio::spawn(async { drop(connection.await) });
    Ok(sender)
}

/// A connection, opened again when it is closed.
pub struct Connection {
    connector: Connector,
    sender: Option<Sender>,
}

impl Connection {
    /// Sends a request and reads its answer. One that hits a closed connection, and so wasn't sent, gets a new one.
    pub async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Result<Answer, SendError> {
        for _ in 0..2 {
            let mut sender = self.ready().await.ok_or(SendError::NotSent)?;
            match sender.try_send_request(request).await {
                Ok(response) => {
                    let (parts, body) = response.into_parts();
                    if let Some(body) = read(body).await {
                        self.sender = Some(sender);
                        return Ok(Answer { status: parts.status, headers: parts.headers, body });
                    }
                    return Ok(Answer { status: parts.status, headers: parts.headers, body: Bytes::new() });
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::Unknown),
                },
            }
        }
        Err(SendError::NotSent)
    }

    /// The open connection, or a new one; none if the host takes none.
    async fn ready(&mut self) -> Option<Sender> {
        if let Some(mut sender) = self.sender.take()
            && sender.ready().await.is_ok()
        {
            return Some(sender);
        }
        self.connector.sender().await.ok()
    }
}

async fn read(body: Incoming) -> Option<Bytes> {
    Some(Limited::new(body, MAX_ANSWER).collect().await.ok()?.to_bytes())
}
