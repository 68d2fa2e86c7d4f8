//! What the server answers, and to whom: only who knows the token, and asks by this machine's own name. Any page that a browser
//! shows and any user of this machine can connect to its port.

use std::convert::Infallible;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Body, Bytes};
use tokio::sync::watch;

use super::events::{self, State};
use super::readers::Readers;
use super::view::{self, Document};

const HTML: &str = "text/html; charset=utf-8";
const EVENTS: &str = "text/event-stream";
const TEXT: &str = "text/plain; charset=utf-8";
/// What a browser is to make of an answer that is no page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// Nobody else may read, frame, keep or guess at anything.
const PROTECTION: [(HeaderName, &str); 5] = [
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// A run's page.
pub struct Site {
    /// What the page is about.
    pub run: String,
    /// What addresses begin with.
    pub token: String,
    /// Where it is.
    pub port: u16,
    /// What it shows.
    pub states: watch::Receiver<State>,
    /// Who looks at it.
    pub readers: Readers,
}

/// What is answered.
pub struct Answer {
    /// What it is.
    pub kind: Kind,
    /// As it is sent.
    pub response: Response<UnsyncBoxBody<Bytes, Infallible>>,
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It ends soon.
    Brief,
    /// It goes on until the run ends.
    Events,
    /// The page that the run has left.
    Final,
}

impl Site {
    /// The answer to a request.
    pub fn answer(&self, request: &Request<impl Body>) -> Answer {
        if !self.is_own_name(request) {
            return refusal(StatusCode::FORBIDDEN, "the page is at 127.0.0.1 or localhost\n");
        }
        let Some(rest) = self.behind_token(request.uri().path()) else {
            return refusal(StatusCode::FORBIDDEN, "lambench has printed the whole address of the page\n");
        };
        if request.method() != Method::GET {
            let mut answer = refusal(StatusCode::METHOD_NOT_ALLOWED, "the page can only be read\n");
            answer.response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            return answer;
        }
        if !request.body().is_end_stream() {
            return refusal(StatusCode::BAD_REQUEST, "a request without content, please\n");
        }
        match rest {
            "" | "/" => self.page(),
            "/events" => self.events(),
            _ => refusal(StatusCode::NOT_FOUND, "there is only one page\n"),
        }
    }

    /// A name that anybody can point at this machine is not its own.
    fn is_own_name(&self, request: &Request<impl Body>) -> bool {
        let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        let is_own = |name: &[u8]| names.iter().any(|own| own.as_bytes() == name);
        let mut hosts = request.headers().get_all(HOST).iter();
        let is_host = hosts.next().is_some_and(|host| is_own(host.as_bytes())) && hosts.next().is_none();
        is_host && request.uri().authority().is_none_or(|authority| is_own(authority.as_str().as_bytes()))
    }

    /// A path's rest; none if it doesn't begin with the token. How long the comparison takes says nothing about the token.
    fn behind_token<'a>(&self, path: &'a str) -> Option<&'a str> {
        let path = path.strip_prefix('/')?;
        let (token, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        verify_slices_are_equal(token.as_bytes(), self.token.as_bytes()).ok().map(|()| rest)
    }

    fn page(&self) -> Answer {
        let state = self.states.borrow().clone();
        match state {
            State::UnderWay(progress) => document(&view::page(&self.run, &progress), Kind::Brief),
            State::Ended(page) => document(&page, Kind::Final),
        }
    }

    fn events(&self) -> Answer {
        let Some(reader) = self.readers.open() else {
            return refusal(StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n");
        };
        let body = StreamBody::new(events::of(self.states.clone(), reader)).boxed_unsync();
        answer(Kind::Events, StatusCode::OK, EVENTS, NOTHING, body)
    }
}

fn refusal(status: StatusCode, why: &'static str) -> Answer {
    answer(Kind::Brief, status, TEXT, NOTHING, whole(Bytes::from_static(why.as_bytes())))
}

fn document(Document { html, policy }: &Document, kind: Kind) -> Answer {
    answer(kind, StatusCode::OK, HTML, policy, whole(html.clone()))
}

fn whole(bytes: Bytes) -> UnsyncBoxBody<Bytes, Infallible> {
    Full::new(bytes).boxed_unsync()
}

fn answer(
    kind: Kind,
    status: StatusCode,
    content_type: &'static str,
    policy: &str,
    body: UnsyncBoxBody<Bytes, Infallible>,
) -> Answer {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let policy = HeaderValue::from_str(policy).unwrap_or(HeaderValue::from_static(NOTHING));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.extend(PROTECTION.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Answer { kind, response }
}
