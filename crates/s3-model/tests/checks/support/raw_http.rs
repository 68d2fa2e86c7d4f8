//! Signed requests with the headers and bodies that a check gives them, also those that the SDK would not send.

use std::io::{self, Read};
use std::time::SystemTime;

use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::{self, calculate_signature, generate_signing_key};
use ureq::http::{Request, Response};
use ureq::{Agent, Body, SendBody};

use super::S3;
use super::values::{hexadecimal, sha256};

/// The kinds of payload, as in `x-amz-content-sha256`.
pub const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
pub const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
pub const SIGNED_CHUNKS_AND_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
pub const CHUNKS_AND_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// A key or a query's value as it is in a URL.
pub fn path_encoded(key: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    key.bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// Sends a request; `length` is what `Content-Length` claims.
    pub fn of(method: &str, url: &str, headers: &[(String, String)], body: &[u8], length: usize) -> Self {
        let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = Request::builder().method(method).uri(url).header("content-length", length);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        // What is announced and not given never comes: S3 has to answer without it.
        let mut body = body.chain(Endless(length > body.len()));
        let sent = agent.run(request.body(SendBody::from_reader(&mut body)).unwrap());
        Self::read(sent.unwrap())
    }

    fn read(response: Response<Body>) -> Self {
        let status = response.status().as_u16();
        Self { status, body: response.into_body().read_to_string().unwrap() }
    }

    /// Checks that the request was refused.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.body.contains(&format!("<Code>{code}</Code>")), "{self:?}");
    }
}

/// Zeros without end, or nothing.
struct Endless(bool);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(0);
        Ok(if self.0 { buffer.len() } else { 0 })
    }
}

/// A PUT to a key of the bucket, signed, not sent yet.
pub struct SignedPut {
    url: String,
    headers: Vec<(String, String)>,
    scope: String,
    date: String,
    key: Vec<u8>,
    last: String,
}

impl SignedPut {
    /// Signs a request; `payload` is its kind or the SHA-256 of its body, `query` the end of the URL from `?` on.
    pub fn new(s3: &S3, key: &str, payload: &str, query: &str, headers: &[(&str, &str)]) -> Self {
        Self::at(SystemTime::now(), s3, key, payload, query, headers)
    }

    /// Signs a request at another time.
    pub fn at(
        time: SystemTime,
        s3: &S3,
        key: &str,
        payload: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Self {
        let url = format!("{}/{}/{}{query}", s3.endpoint, s3.bucket, path_encoded(key));
        let identity = s3.credentials.clone().into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = aws_sigv4::http_request::PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let parameters =
            v4::SigningParams::builder().identity(&identity).region(&s3.region).name("s3").time(time);
        let parameters = parameters.settings(settings).build().unwrap().into();
        let body = SignableBody::Precomputed(payload.to_owned());
        let signable = SignableRequest::new("PUT", &url, headers.iter().copied(), body).unwrap();
        let (instructions, signature) = sign(signable, &parameters).unwrap().into_parts();
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        headers.extend(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())));
        let value = |wanted| headers.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
        let (date, authorization) = (value("x-amz-date"), value("authorization"));
        let scope = authorization.split(['/', ',']).skip(1).take(4).collect::<Vec<_>>().join("/");
        let key = generate_signing_key(s3.credentials.secret_access_key(), time, &s3.region, "s3");
        Self { url, headers, scope, date, key: key.as_ref().to_vec(), last: signature }
    }

    /// A PUT of a body in chunks that hold `length` bytes of content.
    pub fn chunked(s3: &S3, key: &str, payload: &str, length: usize, headers: &[(&str, &str)]) -> Self {
        let length = length.to_string();
        let mut all = vec![("x-amz-decoded-content-length", length.as_str())];
        all.extend(headers);
        if !headers.iter().any(|(name, _)| *name == "content-encoding") {
            all.push(("content-encoding", "aws-chunked"));
        }
        Self::new(s3, key, payload, "", &all)
    }

    /// Sends the body.
    pub fn send(&self, body: &[u8]) -> Answer {
        Answer::of("PUT", &self.url, &self.headers, body, body.len())
    }

    /// Announces a body of `length` bytes, and sends it only if it is wanted.
    pub fn announce(&self, length: usize) -> Answer {
        let mut headers = self.headers.clone();
        headers.push(("expect".into(), "100-continue".into()));
        Answer::of("PUT", &self.url, &headers, b"", length)
    }

    /// A chunk with its signature; the one without data is the last.
    pub fn chunk(&mut self, data: &[u8]) -> Vec<u8> {
        let hashes = format!("{}\n{}", hexadecimal(&sha256(b"")), hexadecimal(&sha256(data)));
        let signature = self.sign("AWS4-HMAC-SHA256-PAYLOAD", &hashes);
        let mut chunk = format!("{:x};chunk-signature={signature}\r\n", data.len()).into_bytes();
        if !data.is_empty() {
            chunk.extend_from_slice(data);
            chunk.extend_from_slice(b"\r\n");
        }
        chunk
    }

    /// A trailing header with its signature.
    pub fn trailer(&mut self, name: &str, value: &str) -> Vec<u8> {
        let hash = hexadecimal(&sha256(format!("{name}:{value}\n").as_bytes()));
        let signature = self.sign("AWS4-HMAC-SHA256-TRAILER", &hash);
        format!("{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n").into_bytes()
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
    fn sign(&mut self, algorithm: &str, hashes: &str) -> String {
        let text = format!("{algorithm}\n{}\n{}\n{}\n{hashes}", self.date, self.scope, self.last);
        self.last = calculate_signature(&self.key, text.as_bytes());
        self.last.clone()
    }
}

/// A body of one chunk without a signature, and a trailing header.
pub fn unsigned_chunks(data: &[u8], trailer: &str, value: &str) -> Vec<u8> {
    let mut body = format!("{:x}\r\n", data.len()).into_bytes();
    body.extend_from_slice(data);
    body.extend_from_slice(format!("\r\n0\r\n{trailer}:{value}\r\n\r\n").as_bytes());
    body
}
