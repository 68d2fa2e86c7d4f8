//! The half of the gate that sees bytes and time: around s3s' service.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use s3s::StdError;
use tokio::time::Instant;

use super::Gate;
use super::request_body::RequestBody;
use super::response_body::{ResponseBody, Spoiler};
use super::ticket::{Admitted, Ticket, Transport};
use super::wire::Wire;
use crate::counters::{REJECTED, Row, add};
use crate::faults::{Fault, Kind};
use crate::http_service::HttpService;
use crate::random;
use crate::time::link::Link;

/// A refused request's body is read up to that size, so that its client reads the answer.
const DRAINED: u64 = 64 << 20;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

impl Gate {
    /// Answers a request in the time that S3 takes.
    pub(super) async fn answer(
        &self,
        request: Request<s3s::Body>,
        service: &HttpService,
        wire: &Arc<Wire>,
        transport: Transport,
    ) -> Result<Response<ResponseBody>, StdError> {
        let start = Instant::now();
        let is_head = request.method() == Method::HEAD;
        let waits = request.headers().contains_key(EXPECT);
        let link = self.link(&carrier(&request));
        let ticket = Arc::new(Ticket::of(transport));
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Arc::clone(&ticket));
        let body = if body.is_end_stream() {
            s3s::Body::empty()
        } else {
            let transfer = link.as_ref().map(|link| link.up.transfer(body.size_hint().exact(), start));
            s3s::Body::http_body(RequestBody::new(body, transfer, Arc::clone(&ticket)))
        };
        let mut response = service.call(Request::from_parts(parts, body)).await?;
        let rest = ticket.notes().rest.take();
        if let Some(rest) = rest
            && !rest.drain(DRAINED, waits, Arc::clone(&ticket)).await
        {
            // hyper closes the connection, but doesn't say so to a client that means to use it again.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let due = self.hold(start, &ticket).await;
        self.send(response, is_head, &ticket, link.map(|link| (link, due)), wire).await
    }

    /// Waits until the response is due, and says when that was.
    pub(super) async fn hold(&self, start: Instant, ticket: &Ticket) -> Instant {
        let (latency, uploaded) = {
            let notes = ticket.notes();
            (notes.admitted.as_ref().and_then(|admitted| admitted.latency), notes.uploaded)
        };
        let Some(timing) = &self.0.timing else { return start };
        let latency = latency.unwrap_or_else(|| timing.latencies.next(REJECTED));
        let due = uploaded.map_or(start, |uploaded| uploaded.max(start)) + latency;
        self.0.clock.at(due).await;
        due
    }

    /// The response as the client gets it, or an error that ends the connection.
    async fn send(
        &self,
        response: Response<s3s::Body>,
        is_head: bool,
        ticket: &Ticket,
        link: Option<(Arc<Link>, Instant)>,
        wire: &Arc<Wire>,
    ) -> Result<Response<ResponseBody>, StdError> {
        let length = if is_head { None } else { body_length(&response) };
        let Asked { row, fault } = self.asked(ticket, response.status(), length);
        let spoiler = match (fault, length) {
            (Some(fault), Some(length)) if response.status().is_success() => {
                Some(Spoiler::new(&fault, length, wire, &self.0.clock))
            }
            (Some(Fault { kind: Kind::Stall, pause, .. }), _) => {
                self.0.clock.at(Instant::now() + pause).await;
                None
            }
            (Some(_), _) => {
                wire.reset();
                return Err("a fault resets this connection".into());
            }
            (None, _) => None,
        };
        let (mut parts, body) = response.into_parts();
        parts.headers.entry(REQUEST_ID).or_insert_with(|| self.request_id());
        let transfer = link.map(|(link, due)| link.down.transfer(length, due));
        Ok(Response::from_parts(parts, ResponseBody::new(body, transfer, row, spoiler)))
    }

    /// The request's counters and its fault, if it has drawn one.
    fn asked(&self, ticket: &Ticket, status: StatusCode, length: Option<u64>) -> Asked {
        let notes = ticket.notes();
        let Some(Admitted { row, key, refused, .. }) = &notes.admitted else {
            let row = self.0.counters.row(REJECTED, "");
            add(&row.requests, 1);
            add(&row.bytes_in, notes.early_bytes);
            return Asked { row, fault: None };
        };
        if status.is_server_error() {
            add(&row.server_errors, 1);
        }
        let has_body = status.is_success() && length.is_some();
        let fault =
            (!refused).then(|| self.0.faults.spoil(&row.operation, key.as_deref(), has_body)).flatten();
        if fault.is_some() {
            add(&row.faults, 1);
        }
        Asked { row: Arc::clone(row), fault }
    }

    fn request_id(&self) -> HeaderValue {
        let n = self.0.answers.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:016X}", random::draw(self.0.seed, random::stream("request"), n));
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

struct Asked {
    row: Arc<Row>,
    fault: Option<Fault>,
}

/// The length of a body that isn't empty, if it is known.
fn body_length(response: &Response<s3s::Body>) -> Option<u64> {
    let declared = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    if response.body().is_end_stream() {
        return None;
    }
    response.body().size_hint().exact().or_else(declared).filter(|length| *length > 0)
}

/// Whose link carries a request's bytes: that of the access key that it says it is signed with, since each environment of a
/// function has a key of its own. A presigned URL has its signer's key, whoever uses it: those are told apart by their
/// `User-Agent`. Empty if there is neither. It has to be known before the signature can be verified.
fn carrier<B>(request: &Request<B>) -> Cow<'_, str> {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let authorization = || {
        let (_, credential) = header(AUTHORIZATION)?.split_once("Credential=")?;
        credential.split('/').next().map(Cow::Borrowed)
    };
    let presigned = || {
        let mut parameters = request.uri().query()?.split('&');
        let credential = parameters.find_map(|parameter| parameter.strip_prefix("X-Amz-Credential="))?;
        let key = credential.split(['/', '%']).next()?;
        Some(Cow::Owned(format!("{key} {}", header(USER_AGENT).unwrap_or_default())))
    };
    authorization().or_else(presigned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_that_of_the_key_that_signed_or_of_who_uses_a_presigned_url() {
        let request = |uri: &str, header: Option<&str>| {
            let mut request = Request::new(());
            *request.uri_mut() = uri.parse().unwrap();
            request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("reader/1 abc"));
            if let Some(header) = header {
                request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
            }
            carrier(&request).into_owned()
        };
        let header =
            "AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-central-1/s3/aws4_request, SignedHeaders=host";
        assert_eq!(request("/bucket/key", Some(header)), "AKID");
        let presigned = "/b/k?x-id=GetObject&X-Amz-Credential=ASIA%2F2026&X-Amz-Date=1";
        assert_eq!(request(presigned, None), "ASIA reader/1 abc");
        assert_eq!(request("/b/k", None), "");
    }
}
