//! What s3s' service needs around it to answer as S3 does, and to hold no large body in memory.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::{Method, StatusCode, header};
use http_body::{Body, Frame};
use s3s::host::{S3Host, VirtualHost};
use s3s::service::S3Service;
use s3s::{HttpError, HttpRequest, HttpResponse, S3Result, StdError};

use crate::{request_head, rules, xml};

/// s3s' service as the model answers with it.
#[derive(Clone)]
pub struct HttpService(S3Service);

impl HttpService {
    /// Around `service`.
    #[must_use]
    pub fn new(service: S3Service) -> Self {
        Self(service)
    }

    /// Answers a request.
    ///
    /// # Errors
    /// When there is no answer, not even one that says what went wrong.
    pub async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if let Some(response) = request_head::error_response(&request) {
            return Ok(response);
        }
        let payload = request.headers().get("x-amz-content-sha256");
        if payload.is_some_and(|payload| payload == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
            request = request.map(|body| s3s::Body::http_body(SmallChunks::new(body)));
        }
        if deletes_many(&request) {
            match checked(request).await {
                Ok(checked) => request = checked,
                Err(refused) => {
                    return refused.to_http_response().map_err(|error| HttpError::new(Box::new(error)));
                }
            }
        }
        let is_head = request.method() == Method::HEAD;
        let mut response = readable(self.0.call(request).await?);
        // s3s answers so to GET only.
        if is_head
            && response.headers().contains_key(header::CONTENT_RANGE)
            && response.status() == StatusCode::OK
        {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        Ok(response)
    }
}

/// A request to delete many objects, whose XML is looked at; one in chunks is left to s3s.
async fn checked(request: HttpRequest) -> S3Result<HttpRequest> {
    let payload = request.headers().get("x-amz-content-sha256").map(http::HeaderValue::as_bytes);
    if payload.is_some_and(|payload| payload.starts_with(b"STREAMING-")) {
        return Ok(request);
    }
    let (mut parts, mut body) = request.into_parts();
    let bytes = body.store_all_limited(LONGEST_XML).await.map_err(|_| {
        rules::bad_request("MaxMessageLengthExceeded", rules::message("MaxMessageLengthExceeded"))
    })?;
    if let Some(xml) = xml::check(&bytes)? {
        parts.extensions.insert(xml);
    }
    Ok(HttpRequest::from_parts(parts, body))
}

/// Bytes of a request's XML at most: 1,000 keys of 1,024 bytes, each written as a reference of six.
const LONGEST_XML: usize = 8 << 20;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
fn deletes_many(request: &HttpRequest) -> bool {
    let mut parameters = request.uri().query().unwrap_or_default().split('&');
    request.method() == Method::POST && parameters.any(|one| one == "delete" || one == "delete=")
}

/// An answer as S3 writes it: XML with references, errors with messages.
fn readable(mut response: HttpResponse) -> HttpResponse {
    let is_xml = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/xml");
    let Some(body) = response.body().bytes().filter(|_| is_xml) else { return response };
    let mut changed = xml::with_references(&body);
    if !response.status().is_success()
        && let Some(said) = std::str::from_utf8(&body).ok().and_then(xml::with_message)
    {
        changed = xml::with_references(&Bytes::from(said.clone())).or(Some(said));
    }
    if let Some(changed) = changed {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = s3s::Body::from(changed);
    }
    response
}

/// Buckets in host names: `bucket.localhost`, `bucket.s3.localhost`. Under any other name the path starts with the bucket.
pub struct LocalHosts;

impl S3Host for LocalHosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let here = VirtualHost::new(host);
        Ok(match bucket_in_host(host) {
            Some(bucket) => here.with_bucket(bucket),
            None => here,
        })
    }
}

/// The bucket that a host's name starts with, if it does.
#[must_use]
pub fn bucket_in_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let bucket = name.strip_suffix(".localhost")?;
    Some(bucket.strip_suffix(".s3").unwrap_or(bucket)).filter(|bucket| !bucket.is_empty() && *bucket != "s3")
}

/// Longest first line of a chunk, in bytes; what is longer is none.
const LONGEST_LINE: usize = 256;

/// Cuts the chunks of an aws-chunked body without signatures to what comes from the network in one read: s3s holds a chunk until
/// it is whole, and some clients send a body of gigabytes as one.
struct SmallChunks {
    body: s3s::Body,
    input: Bytes,
    output: VecDeque<Bytes>,
    state: State,
}

enum State {
    /// In the first line of a chunk, of which this has come.
    Line(Vec<u8>),
    /// In a chunk's bytes, of which so many are to come.
    Data(u64),
    /// In the line break behind them, of which so many bytes are to come.
    Break(usize),
    /// Behind the last chunk, or in something that is none: as it is, s3s judges it.
    Rest,
}

impl SmallChunks {
    fn new(body: s3s::Body) -> Self {
        Self { body, input: Bytes::new(), output: VecDeque::new(), state: State::Line(Vec::new()) }
    }

    /// Turns what has come into what goes on.
    fn advance(&mut self) {
        match &mut self.state {
            State::Line(line) => {
                let end =
                    self.input.iter().position(|byte| *byte == b'\n').map_or(self.input.len(), |at| at + 1);
                line.extend_from_slice(&self.input.split_to(end));
                if !line.ends_with(b"\n") && line.len() <= LONGEST_LINE {
                    return;
                }
                self.state = match chunk_size(line) {
                    Some(size) if size > 0 => State::Data(size),
                    _ => {
                        self.output.push_back(std::mem::take(line).into());
                        State::Rest
                    }
                };
            }
            State::Data(left) => {
                let now = usize::try_from(*left).unwrap_or(usize::MAX).min(self.input.len());
                self.output.push_back(format!("{now:x}\r\n").into());
                self.output.push_back(self.input.split_to(now));
                self.output.push_back(Bytes::from_static(b"\r\n"));
                *left -= now as u64;
                if *left == 0 {
                    self.state = State::Break(2);
                }
            }
            State::Break(left) => {
                let now = (*left).min(self.input.len());
                self.input.advance(now);
                *left -= now;
                if *left == 0 {
                    self.state = State::Line(Vec::new());
                }
            }
            State::Rest => self.output.push_back(std::mem::take(&mut self.input)),
        }
    }
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix("\r\n")?;
    u64::from_str_radix(line.split(';').next()?, 16).ok()
}

impl Body for SmallChunks {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        loop {
            if let Some(bytes) = self.output.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if !self.input.is_empty() {
                self.advance();
                continue;
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)?) {
                Some(frame) => self.input = frame.into_data().unwrap_or_default(),
                None => return Poll::Ready(None),
            }
        }
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::{BodyExt, StreamBody};
    use proptest::prelude::*;

    use super::*;

    /// The body that s3s gets of one that comes in these pieces.
    fn cut(pieces: Vec<Vec<u8>>) -> Vec<Bytes> {
        let frames = pieces.into_iter().map(|piece| Ok::<_, StdError>(Frame::data(Bytes::from(piece))));
        let body = s3s::Body::http_body(StreamBody::new(stream::iter(frames.collect::<Vec<_>>())));
        let mut chunks = SmallChunks::new(body);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = runtime.block_on(chunks.frame()) {
            frames.push(frame.unwrap().into_data().unwrap());
        }
        frames
    }

    /// The bytes in chunks and what follows the last one.
    fn decoded(mut body: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut data = Vec::new();
        loop {
            let end = body.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let size = usize::try_from(chunk_size(&body[..end]).unwrap()).unwrap();
            body = &body[end..];
            if size == 0 {
                return (data, body.to_vec());
            }
            data.extend_from_slice(&body[..size]);
            assert_eq!(&body[size..size + 2], b"\r\n");
            body = &body[size + 2..];
        }
    }

    proptest! {
        #[test]
        fn a_body_stays_the_same_however_it_is_cut_on_the_way(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..4),
            piece in 1..200usize,
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend(format!("{:x}\r\n", chunk.len()).bytes());
                body.extend(chunk);
                body.extend(b"\r\n");
            }
            body.extend(b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
            let frames = cut(body.chunks(piece).map(<[u8]>::to_vec).collect());
            let (data, trailers) = decoded(&frames.concat());
            prop_assert_eq!(data, chunks.concat());
            prop_assert_eq!(trailers, b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n");
            prop_assert!(frames.iter().all(|frame| frame.len() <= piece.max(64)));
        }
    }

    #[test]
    fn what_is_no_chunk_goes_on_as_it_is() {
        assert_eq!(cut(vec![b"no chunk\r\nat all".to_vec()]).concat(), b"no chunk\r\nat all");
        assert_eq!(cut(vec![vec![b'a'; 1000]]).concat(), vec![b'a'; 1000]);
    }

    #[test]
    fn a_bucket_may_stand_in_the_host_name() {
        let bucket = |host| LocalHosts.parse_host_header(host).unwrap().bucket().map(str::to_owned);
        assert_eq!(bucket("my-bucket.localhost:9000").as_deref(), Some("my-bucket"));
        assert_eq!(bucket("my.bucket.s3.localhost").as_deref(), Some("my.bucket"));
        assert_eq!(bucket("s3.localhost:9000"), None);
        assert_eq!(bucket("localhost:9000"), None);
        assert_eq!(bucket("example.com"), None);
    }
}
