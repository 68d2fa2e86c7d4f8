//! What S3 refuses by the head of a request alone, and s3s lets pass.

use http::{HeaderMap, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use s3s::{HttpRequest, HttpResponse};

use crate::http_service::bucket_in_host;
use crate::rules;

/// Seconds that a presigned URL is valid at most: 7 days.
const LONGEST_URL: u64 = 604_800;

/// Status, code and message.
struct HeadError(StatusCode, &'static str, &'static str);

impl HeadError {
    /// The body; an error without a code has none.
    fn body(&self) -> String {
        let Self(_, code, message) = self;
        if code.is_empty() {
            return String::new();
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )
    }
}

/// The answer to a request that is refused.
pub fn error_response(request: &HttpRequest) -> Option<HttpResponse> {
    let error = url_is_valid_for_too_long(request.uri().query())
        .or_else(|| leads_out(request.uri().path(), request.headers()))
        .or_else(|| chunks_of_http(request.headers()))
        .or_else(|| no_length(request.method(), request.uri().path(), request.headers()))?;
    let mut response = HttpResponse::new(s3s::Body::from(error.body()));
    *response.status_mut() = error.0;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/xml"));
    Some(response)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
fn url_is_valid_for_too_long(query: Option<&str>) -> Option<HeadError> {
    let mut parameters = query?.split('&').filter_map(|parameter| parameter.split_once('='));
    let (_, seconds) = parameters.find(|(name, _)| *name == "X-Amz-Expires")?;
    let is_too_long = seconds.parse().is_ok_and(|seconds: u64| seconds > LONGEST_URL);
    is_too_long.then_some(HeadError(
        StatusCode::BAD_REQUEST,
        "AuthorizationQueryParametersError",
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 \
         seconds",
    ))
}

/// S3 says nothing to it: <https://github.com/floci-io/floci/issues/1320>.
fn leads_out(path: &str, headers: &HeaderMap) -> Option<HeadError> {
    let path = percent_decode_str(path.strip_prefix('/')?).decode_utf8_lossy();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let key = match bucket_in_host(host) {
        Some(_) => &*path,
        None => path.split_once('/')?.1,
    };
    (!rules::stays_in_bucket(key)).then_some(HeadError(StatusCode::BAD_REQUEST, "", ""))
}

/// S3 takes chunks only as its own encoding, aws-chunked.
fn chunks_of_http(headers: &HeaderMap) -> Option<HeadError> {
    let payload = headers.get("x-amz-content-sha256").map(http::HeaderValue::as_bytes);
    let is_streamed = payload.is_some_and(|payload| payload.starts_with(b"STREAMING-"));
    (headers.contains_key(header::TRANSFER_ENCODING) && !is_streamed).then_some(HeadError(
        StatusCode::NOT_IMPLEMENTED,
        "NotImplemented",
        "A header you provided implies functionality that is not implemented",
    ))
}

/// A client that forgets to say how long its object is must not store an empty one.
fn no_length(method: &Method, path: &str, headers: &HeaderMap) -> Option<HeadError> {
    let is_told =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    let has_key = path.trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let is_put = method == Method::PUT && has_key && !headers.contains_key("x-amz-copy-source");
    (is_put && !is_told).then_some(HeadError(
        StatusCode::LENGTH_REQUIRED,
        "MissingContentLength",
        "You must provide the Content-Length HTTP header.",
    ))
}
