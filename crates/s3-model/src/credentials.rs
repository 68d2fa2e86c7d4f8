//! Whose requests are answered: pairs from the command line, and temporary credentials that are asked for by HTTP, such as
//! those that a local Lambda gives a function's environment.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::policy::Policies;

const TOKEN_HEADER: &str = "x-amz-security-token";
const TOKEN_PARAMETER: &str = "X-Amz-Security-Token";

/// What was told of a role is used for so long, as policies change while their functions run.
const FRESH: Duration = Duration::from_secs(5);
/// It is used for so long while it is asked for anew, so that no request waits for that.
const USABLE: Duration = Duration::from_secs(30);

/// What is known of an access key.
#[derive(Clone, Debug)]
struct Credential {
    secret_key: String,
    session_token: Option<String>,
    /// What its role may do; none of the account's root.
    policies: Option<Arc<Policies>>,
    /// When that was asked for; none if it never changes.
    asked: Option<Instant>,
}

/// Who has signed a request, for whoever decides about it.
#[derive(Clone, Debug)]
pub struct Signer(pub Option<Arc<Policies>>);

/// All credentials; clones share them.
#[derive(Clone)]
pub struct Credentials(Arc<Shared>);

struct Shared {
    known: RwLock<HashMap<String, Credential>>,
    /// Where to ask for others.
    url: Option<String>,
    /// Whether what roles may do is of no account.
    ignores_policies: bool,
    agent: ureq::Agent,
}

impl Credentials {
    /// Pairs of access key and secret key, and where to ask for others: `GET <url>?access_key=…`, answered with
    /// `{"secret_key": "…", "session_token": "…" or null, "policies": {…} or null}` or with 404; [`Policies::new`] reads the last.
    #[must_use]
    pub fn new(
        pairs: impl IntoIterator<Item = (String, String)>,
        url: Option<String>,
        ignores_policies: bool,
    ) -> Self {
        let credential =
            |secret_key| Credential { secret_key, session_token: None, policies: None, asked: None };
        let known = pairs.into_iter().map(|(key, secret)| (key, credential(secret))).collect();
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build();
        let agent = config.new_agent();
        Self(Arc::new(Shared { known: RwLock::new(known), url, ignores_policies, agent }))
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
        let unknown = || {
            s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records.")
        };
        self.ask(access_key).await?.ok_or_else(unknown)
    }

    async fn ask(&self, access_key: &str) -> S3Result<Option<Credential>> {
        let (shared, key) = (Arc::clone(&self.0), access_key.to_owned());
        let asked = spawn_blocking(move || shared.ask(&key)).await;
        let answer = asked.map_err(|error| s3_error!(InternalError, "{error}"))??;
        if let Some(credential) = &answer {
            let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(access_key.to_owned(), credential.clone());
        }
        Ok(answer)
    }

    /// What the role of a known access key may do now.
    async fn policies(&self, access_key: &str, known: &Credential) -> S3Result<Option<Arc<Policies>>> {
        let policies = || known.policies.clone();
        match known.asked.map(|asked| asked.elapsed()) {
            None => {}
            Some(age) if age < FRESH => {}
            Some(age) if age < USABLE => self.ask_meanwhile(access_key),
            // A key whose environment has ended is asked for in vain.
            Some(_) => return Ok(self.ask(access_key).await?.map_or_else(policies, |told| told.policies)),
        }
        Ok(policies())
    }

    /// Asks anew, once, while requests go on.
    fn ask_meanwhile(&self, access_key: &str) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let Some(credential) = known.get_mut(access_key) else { return };
        if credential.asked.is_some_and(|asked| asked.elapsed() < FRESH) {
            return;
        }
        credential.asked = Some(Instant::now());
        let (credentials, key) = (self.clone(), access_key.to_owned());
        // What fails is tried again after a while.
        tokio::spawn(async move { credentials.ask(&key).await.map(drop) });
    }
}

impl Shared {
    fn ask(&self, access_key: &str) -> S3Result<Option<Credential>> {
        let Some(url) = &self.url else { return Ok(None) };
        let answer = self.agent.get(url).query("access_key", access_key).call();
        let read = match answer {
            Ok(mut answer) => answer.body_mut().read_json().map(|told| Some(self.credential(&told))),
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

impl Shared {
    fn credential(&self, told: &Value) -> Credential {
        let policies = Some(&told["policies"]).filter(|told| told.is_object() && !self.ignores_policies);
        Credential {
            secret_key: told["secret_key"].as_str().unwrap_or_default().to_owned(),
            session_token: told["session_token"].as_str().map(str::to_owned),
            policies: policies.map(|told| Arc::new(Policies::new(told))),
            asked: (!self.ignores_policies).then(Instant::now),
        }
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
        let access_key = context.credentials().map(|signer| signer.access_key.clone()).unwrap_or_default();
        if let Some(known) = self.credentials.known(&access_key) {
            let needed = &known.session_token;
            if needed.is_some() && *needed != given_token(context) {
                return Err(s3_error!(InvalidToken, "The provided token is malformed or otherwise invalid."));
            }
            let signer = Signer(self.credentials.policies(&access_key, &known).await?);
            context.extensions_mut().insert(signer);
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
    use crate::policy::Caller;

    /// Answers a request with each of the bodies, and returns how they began.
    fn answering_each(bodies: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/credentials", listener.local_addr().unwrap());
        let answer = move |body: String| {
            let (mut stream, _) = listener.accept().unwrap();
            let head =
                BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty());
            let first = head.collect::<Vec<_>>().swap_remove(0);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close", body.len());
            write!(stream, "{head}\r\n\r\n{body}").unwrap();
            first
        };
        (url, std::thread::spawn(move || bodies.into_iter().map(answer).collect()))
    }

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
        let credentials = Credentials::new([], Some(url), false);
        for _ in 0..2 {
            assert_eq!(credentials.get_secret_key("A+1").await.unwrap().expose(), "s");
        }
        assert!(server.join().unwrap()[0].starts_with("GET /credentials?access_key=A%2B1 "));
        assert_eq!(credentials.known("A+1").unwrap().session_token.as_deref(), Some("t"));
    }

    #[tokio::test]
    async fn what_a_role_may_do_is_asked_for_anew_and_nobody_waits_for_it() {
        let told = |action: &str| {
            let statement = format!(r#"{{ "Effect": "Allow", "Action": "{action}", "Resource": "*" }}"#);
            let policies =
                format!(r#"{{ "principal": "arn:r", "statements": [{statement}], "limits": [] }}"#);
            format!(r#"{{ "secret_key": "s", "session_token": null, "policies": {policies} }}"#)
        };
        let (url, server) = answering_each(vec![told("s3:GetObject"), told("s3:PutObject")]);
        let credentials = Credentials::new([], Some(url), false);
        let known = credentials.find("key").await.unwrap();
        let may = |policies: Option<Arc<Policies>>, action: &str| {
            let caller = Caller { policies, bucket_policy: None, is_secure: true };
            caller.check(action, "arn:aws:s3:::shop/a", None).is_ok()
        };
        assert!(may(credentials.policies("key", &known).await.unwrap(), "s3:GetObject"));
        let old = Credential { asked: known.asked.and_then(|asked| asked.checked_sub(FRESH)), ..known };
        credentials.0.known.write().unwrap().insert("key".to_owned(), old.clone());
        assert!(
            may(credentials.policies("key", &old).await.unwrap(), "s3:GetObject"),
            "what is known is used"
        );
        let renewed = async {
            while !may(credentials.known("key").unwrap().policies, "s3:PutObject") {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), renewed).await.unwrap();
        assert_eq!(server.join().unwrap().len(), 2, "it is asked for once");
    }

    #[tokio::test]
    async fn a_key_that_nobody_knows_is_refused_as_s3_refuses_it() {
        let (url, _server) = answering(None);
        for url in [Some(url), None] {
            let credentials = Credentials::new([("known".into(), "s".into())], url, false);
            let error = credentials.get_secret_key("other").await.err().unwrap();
            assert_eq!(error.code().as_str(), "InvalidAccessKeyId");
            assert_eq!(credentials.get_secret_key("known").await.unwrap().expose(), "s");
        }
    }
}
