//! Objects that are written in parts.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use lambda_kit::OpenUpload;

use crate::body::Body;
use crate::call::{Answer, Call, escaped, escaped_path};
use crate::client::S3;
use crate::error::{Error, Failed};
use crate::objects::{decoded, head_says};
use crate::xml;

/// How long S3 may take to put the parts together: "several minutes" (API reference of `CompleteMultipartUpload`), in which it
/// sends blanks. Another attempt meanwhile would get in its way.
const COMPLETION_TIMEOUT: Duration = Duration::from_mins(10);
/// Uploads aborted at once.
const ABORTS: usize = 64;

/// A part that S3 has, as the completion names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its number, from 1.
    pub number: usize,
    /// Its entity tag, quotes included.
    pub etag: String,
    /// The CRC32 of its bytes, where S3 tells it.
    pub crc: Option<u32>,
}

impl Sent {
    /// The CRC32 of a part that is a copy of `source`; the upload has checksums.
    ///
    /// # Errors
    /// If S3 told none.
    pub fn crc_of_copy(&self, source: &str) -> Result<u32, Failed> {
        let none = || Error::Broken("S3's answer to its copy has none".to_owned());
        self.crc.ok_or_else(|| none().of(format!("determine the CRC32 of '{source}'")))
    }
}

/// An upload under way.
#[derive(Clone)]
pub struct Upload {
    s3: S3,
    key: Arc<str>,
    id: Arc<str>,
}

impl S3 {
    /// Starts an upload whose parts and result have CRC32 checksums, if `checksums` is set.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn create_upload(&self, key: &str, checksums: bool) -> Result<Upload, Failed> {
        let mut call = Call::new(Method::POST, key, "uploads=".to_owned());
        if checksums {
            call = call.header("x-amz-checksum-algorithm", "CRC32");
            // One CRC of all bytes: it is compared with what the bytes should be, and the parts' needn't be listed.
            call = call.header("x-amz-checksum-type", "FULL_OBJECT");
        }
        let call = &call;
        let created = self.attempts(|_| async move { field(&self.once(call).await?, "UploadId") });
        let id = created.await.map_err(|error| error.of(format!("start the upload of '{key}'")))?;
        Ok(self.upload(key, &id))
    }

    /// An upload that somebody else has started.
    #[must_use]
    pub fn upload(&self, key: &str, id: &str) -> Upload {
        Upload { s3: self.clone(), key: key.into(), id: id.into() }
    }

    /// The uploads under way whose keys start with `prefix`.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn list_uploads(&self, prefix: &str) -> Result<Vec<OpenUpload>, Failed> {
        let mut found = Vec::new();
        let (mut key_marker, mut id_marker) = (String::new(), String::new());
        loop {
            // The parameters in the order that the signature has them in. URL encoding carries what XML cannot.
            let query =
                format!("encoding-type=url&{key_marker}prefix={}{id_marker}&uploads=", escaped(prefix));
            let call = Call::new(Method::GET, "", query);
            let answer = self.call(call).await;
            let answer = answer.map_err(|error| error.of(format!("list the uploads below '{prefix}'")))?;
            let page = answer.text();
            let text = |xml: &str, name| xml::text(xml, name).map(|text| xml::unescape(text).into_owned());
            found.extend(xml::all(&page, "Upload").map(|upload| OpenUpload {
                key: decoded(xml::text(upload, "Key").unwrap_or_default()),
                id: text(upload, "UploadId").unwrap_or_default(),
            }));
            let next = (xml::text(&page, "NextKeyMarker").map(decoded), text(&page, "NextUploadIdMarker"));
            let (Some(key), Some(id)) = next else { return Ok(found) };
            if xml::text(&page, "IsTruncated") != Some("true") {
                return Ok(found);
            }
            key_marker = format!("key-marker={}&", escaped(&key));
            id_marker = format!("&upload-id-marker={}", escaped(&id));
        }
    }

    /// Whether a part of an upload has been written.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn has_parts(&self, upload: &OpenUpload) -> Result<bool, Failed> {
        let OpenUpload { key, id } = upload;
        let call = Call::new(Method::GET, key, format!("max-parts=1&uploadId={}", escaped(id)));
        match self.call(call).await {
            Ok(answer) => Ok(xml::all(&answer.text(), "Part").next().is_some()),
            Err(error) if error.status() == 404 => Ok(false),
            Err(error) => Err(error.of(format!("list the parts of '{key}'"))),
        }
    }

    /// Removes uploads and their parts, several at once; those that are gone are no error.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn abort_uploads(&self, uploads: Vec<OpenUpload>) -> Result<(), Failed> {
        let abort = |upload: OpenUpload| async move { self.abort_upload(&upload.key, &upload.id).await };
        stream::iter(uploads).map(Ok).try_for_each_concurrent(ABORTS, abort).await
    }

    /// Removes an upload and its parts; one that is gone is no error.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn abort_upload(&self, key: &str, id: &str) -> Result<(), Failed> {
        let call = Call::new(Method::DELETE, key, format!("uploadId={}", escaped(id)));
        match self.call(call).await {
            Err(error) if error.status() != 404 => Err(error.of(format!("abort the upload of '{key}'"))),
            _ => Ok(()),
        }
    }
}

impl Upload {
    /// The key of the object that it becomes.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// S3's name for it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn query(&self, number: usize) -> String {
        format!("partNumber={number}&uploadId={}", escaped(&self.id))
    }

    fn not_sent(&self, number: usize, error: Error) -> Failed {
        error.of(format!("send part {number} of '{}'", self.key))
    }

    /// Copies a part inside S3: the whole object `source` or a range of it, if it has the entity tag `etag` still, if one is
    /// given.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn copy(
        &self,
        number: usize,
        source: &str,
        range: Option<Range<u64>>,
        etag: Option<&str>,
    ) -> Result<Sent, Failed> {
        let path = escaped_path(&format!("{}/{source}", self.s3.bucket()));
        let mut call =
            Call::new(Method::PUT, &self.key, self.query(number)).header("x-amz-copy-source", path);
        if let Some(range) = range {
            let range = format!("bytes={}-{}", range.start, range.end - 1);
            call = call.header("x-amz-copy-source-range", range);
        }
        if let Some(etag) = etag {
            call = call.header("x-amz-copy-source-if-match", etag);
        }
        let call = &call;
        let copied = self.s3.attempts(|_| async move {
            let answer = self.s3.once(call).await?;
            let etag = field(&answer, "ETag")?;
            let crc = xml::text(&answer.text(), "ChecksumCRC32").and_then(crc_of);
            Ok(Sent { number, etag, crc })
        });
        copied
            .await
            .map_err(|error| error.of(format!("copy '{source}' into part {number} of '{}'", self.key)))
    }

    /// Sends a part that is known as a whole; S3 compares its CRC32.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn send(&self, number: usize, pieces: Vec<Bytes>) -> Result<Sent, Failed> {
        let crc = crc_of_pieces(&pieces);
        let call = Call::new(Method::PUT, &self.key, self.query(number));
        let call = call.header("x-amz-checksum-crc32", crc_text(crc)).body(pieces);
        let call = &call;
        let sent = self.s3.attempts(|_| async move { etag_in(&self.s3.once(call).await?.headers) });
        let etag = sent.await.map_err(|error| self.not_sent(number, error))?;
        Ok(Sent { number, etag, crc: Some(crc) })
    }

    /// Sends a part that comes piece by piece; `body` makes it anew for each attempt. Such parts don't count as requests
    /// under way. The upload has no checksums, since this part's is only known when it has been sent.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn stream(&self, number: usize, body: impl Fn() -> Body) -> Result<Sent, Failed> {
        let call = Call::new(Method::PUT, &self.key, self.query(number));
        let (call, body) = (&call, &body);
        let sent = self.s3.attempts(|_| async move {
            let response = self.s3.response(call, body()).await?;
            etag_in(response.headers())
        });
        let etag = sent.await.map_err(|error| self.not_sent(number, error))?;
        Ok(Sent { number, etag, crc: None })
    }

    /// Makes the object of its parts. S3 compares its size, and its CRC32 if one is given.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn complete(&self, mut parts: Vec<Sent>, size: u64, crc: Option<u32>) -> Result<(), Failed> {
        parts.sort_unstable_by_key(|part| part.number);
        let mut xml = String::from("<CompleteMultipartUpload>");
        for Sent { number, etag, .. } in &parts {
            // Writing to a string cannot fail.
            let _ = write!(
                xml,
                "<Part><ETag>{}</ETag><PartNumber>{number}</PartNumber></Part>",
                xml::escape(etag)
            );
        }
        xml.push_str("</CompleteMultipartUpload>");
        let mut call = Call::new(Method::POST, &self.key, format!("uploadId={}", escaped(&self.id)));
        call = call
            .header("x-amz-mp-object-size", size.to_string())
            .body(vec![xml.into()])
            .timeout(COMPLETION_TIMEOUT);
        if let Some(crc) = crc {
            call = call
                .header("x-amz-checksum-type", "FULL_OBJECT")
                .header("x-amz-checksum-crc32", crc_text(crc));
        }
        let call = &call;
        let completed = self.s3.attempts(|attempt| async move {
            match self.s3.once(call).await {
                Ok(answer) => field(&answer, "ETag").map(drop),
                // An earlier attempt may have succeeded without an answer.
                Err(error) if attempt > 0 && error.code() == "NoSuchUpload" => {
                    head_says(&self.s3, &self.key, size, crc).await.map_err(|()| error)
                }
                Err(error) => Err(error),
            }
        });
        completed.await.map_err(|error| error.of(format!("complete the upload of '{}'", self.key)))
    }

    /// Removes the parts.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn abort(&self, s3: &S3) -> Result<(), Failed> {
        s3.abort_upload(&self.key, &self.id).await
    }
}

/// A field of a good answer; what has none holds an error, whatever its status says.
fn field(answer: &Answer, name: &str) -> Result<String, Error> {
    let body = answer.text();
    let text = xml::text(&body, name).filter(|_| xml::text(&body, "Code").is_none());
    text.map(|text| xml::unescape(text).into_owned()).ok_or_else(|| match xml::text(&body, "Code") {
        Some(_) => Error::refused(200, &body),
        None => Error::Broken(format!("the answer has no {name}")),
    })
}

fn etag_in(headers: &http::HeaderMap) -> Result<String, Error> {
    let etag = headers.get(http::header::ETAG).and_then(|etag| etag.to_str().ok());
    etag.map(str::to_owned).ok_or_else(|| Error::Broken("the answer has no ETag".to_owned()))
}

/// The CRC32 of bytes in pieces.
pub(crate) fn crc_of_pieces(pieces: &[Bytes]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for piece in pieces {
        crc.update(piece);
    }
    crc.finalize()
}

/// A CRC32 as S3 writes it.
pub(crate) fn crc_text(crc: u32) -> String {
    BASE64.encode(crc.to_be_bytes())
}

/// A CRC32 that S3 tells.
pub(crate) fn crc_of(text: &str) -> Option<u32> {
    BASE64.decode(text).ok()?.try_into().ok().map(u32::from_be_bytes)
}
