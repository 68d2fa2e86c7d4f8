//! Whose requests are answered: pairs from the command line, and temporary credentials that are asked for by HTTP, such as
//! those that a local Lambda gives a function's environment.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};
use serde::Deserialize;
use tokio::task::spawn_blocking;

const TOKEN_HEADER: &str = "x-amz-security-token";
const TOKEN_PARAMETER: &str = "X-Amz-Security-Token";

/// What is known of an access key.
#[derive(Clone, Debug, Deserialize)]
struct Credential {
    secret_key: String,
    session_token: Option<String>,
}

/// All credentials; clones share them.
#[derive(Clone)]
pub struct Credentials(Arc<Shared>);

struct Shared {
    known: RwLock<HashMap<String, Credential>>,
    /// Where to ask for others.
    url: Option<String>,
    agent: ureq::Agent,
}

impl Credentials {
    /// Pairs of access key and secret key, and where to ask for others: `GET <url>?access_key=…`, answered with
    /// `{"secret_key": "…", "session_token": "…" or null}` or with 404.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>, url: Option<String>) -> Self {
        let credential = |secret_key| Credential { secret_key, session_token: None };
        let known = pairs.into_iter().map(|(key, secret)| (key, credential(secret))).collect();
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build();
        Self(Arc::new(Shared { known: RwLock::new(known), url, agent: config.new_agent() }))
    }

    /// Before `inner` decides, a session token has to be the one of its access key.
    #[must_use]
    pub fn access<A: S3Access>(&self, inner: A) -> impl S3Access + use<A> {
        Access { credentials: self.clone(), inner }
    }

    fn known(&self, access_key: &str) -> Option<Credential> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).get(access_key).cloned()
    }

    async fn find(&self, access_key: &str) -> S3Result<Credential> {
        if let Some(credential) = self.known(access_key) {
            return Ok(credential);
        }
        let (shared, key) = (Arc::clone(&self.0), access_key.to_owned());
        let asked = spawn_blocking(move || shared.ask(&key)).await;
        let answer = asked.map_err(|error| s3_error!(InternalError, "{error}"))??;
        let unknown = || {
            s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records.")
        };
        let credential = answer.ok_or_else(unknown)?;
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(access_key.to_owned(), credential.clone());
        Ok(credential)
    }
}

impl Shared {
    fn ask(&self, access_key: &str) -> S3Result<Option<Credential>> {
        let Some(url) = &self.url else { return Ok(None) };
        let answer = self.agent.get(url).query("access_key", access_key).call();
        let read = match answer {
            Ok(mut answer) => answer.body_mut().read_json().map(Some),
            Err(ureq::Error::StatusCode(404)) => Ok(None),
            Err(error) => Err(error),
        };
        read.map_err(|error| {
            s3_error!(
                InternalError,
                "The S3 model cannot ask {url} for the secret of an access key: {error}. Is it running?"
            )
        })
    }
}

#[async_trait::async_trait]
impl S3Auth for Credentials {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(self.find(access_key).await?.secret_key))
    }
}

struct Access<A> {
    credentials: Credentials,
    inner: A,
}

#[async_trait::async_trait]
impl<A: S3Access> S3Access for Access<A> {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if let Some(signer) = context.credentials() {
            let needed = self.credentials.known(&signer.access_key).and_then(|known| known.session_token);
            if needed.is_some() && needed != given_token(context) {
                return Err(s3_error!(InvalidToken, "The provided token is malformed or otherwise invalid."));
            }
        }
        self.inner.check(context).await
    }
}

fn given_token(context: &S3AccessContext<'_>) -> Option<String> {
    let header = context.headers().get(TOKEN_HEADER).and_then(|token| token.to_str().ok());
    let parameter = || {
        let query = context.uri().query()?;
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == TOKEN_PARAMETER)
    };
    header.map(str::to_owned).or_else(|| Some(parameter()?.1.into_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers two requests with the body, or with 404 without one, and returns what was requested.
    fn answering(body: Option<&'static str>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/credentials", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines: Vec<_> = BufReader::new(&stream)
                .lines()
                .map(Result::unwrap)
                .take_while(|line| !line.is_empty())
                .collect();
            let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
            let body = body.unwrap_or_default();
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
            lines
        });
        (url, server)
    }

    #[tokio::test]
    async fn an_unknown_key_is_asked_for_once() {
        let (url, server) = answering(Some(r#"{"secret_key": "s", "session_token": "t"}"#));
        let credentials = Credentials::new([], Some(url));
        for _ in 0..2 {
            assert_eq!(credentials.get_secret_key("A+1").await.unwrap().expose(), "s");
        }
        assert!(server.join().unwrap()[0].starts_with("GET /credentials?access_key=A%2B1 "));
        assert_eq!(credentials.known("A+1").unwrap().session_token.as_deref(), Some("t"));
    }

    #[tokio::test]
    async fn a_key_that_nobody_knows_is_refused_as_s3_refuses_it() {
        let (url, _server) = answering(None);
        for url in [Some(url), None] {
            let credentials = Credentials::new([("known".into(), "s".into())], url);
            let refusal = credentials.get_secret_key("other").await.err().unwrap();
            assert_eq!(refusal.code().as_str(), "InvalidAccessKeyId");
            assert_eq!(credentials.get_secret_key("known").await.unwrap().expose(), "s");
        }
    }
}
