//! Whole objects: listed, read, written, deleted.

use std::ops::Range;

use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use lambda_kit::{decode_url, is_xml_text};

use crate::body::Body;
use crate::call::{Answer, Call, escaped};
use crate::client::{S3, broken};
use crate::error::{Error, Failed};
use crate::uploads::{crc_of, crc_of_pieces, crc_text};
use crate::xml;

/// Keys that one request deletes.
const DELETED_AT_ONCE: usize = 1_000;

/// A listing of keys.
#[derive(Debug, Default)]
pub struct Listed {
    /// Objects in the order of the keys' bytes.
    pub objects: Vec<lambda_kit::Object>,
    /// What stands for keys that have a delimiter behind the prefix, up to it.
    pub folders: Vec<String>,
}

impl S3 {
    /// The objects whose keys start with `prefix`; with a delimiter, keys that have it behind the prefix are folded.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn list(&self, prefix: &str, delimiter: Option<char>) -> Result<Listed, Failed> {
        let mut listed = Listed::default();
        let mut token = String::new();
        loop {
            // In the order that the signature has them in. URL encoding carries what XML cannot.
            let delimiter =
                delimiter.map(|delimiter| format!("delimiter={}&", escaped(&delimiter.to_string())));
            let query = format!(
                "{token}{}encoding-type=url&list-type=2&prefix={}",
                delimiter.unwrap_or_default(),
                escaped(prefix)
            );
            let answer = self.call(Call::new(Method::GET, "", query)).await;
            let answer = answer.map_err(|error| error.of(format!("list s3://{}/{prefix}", self.bucket())))?;
            let page = answer.text();
            listed.objects.extend(xml::all(&page, "Contents").map(object));
            let folders = xml::all(&page, "CommonPrefixes").filter_map(|folder| xml::text(folder, "Prefix"));
            listed.folders.extend(folders.map(decoded));
            match xml::text(&page, "NextContinuationToken") {
                Some(next) => {
                    token = format!("continuation-token={}&", escaped(&xml::unescape(next)));
                }
                None => return Ok(listed),
            }
        }
    }

    /// A range of an object, if it is the listed one still; of a whole object the CRC32 is compared, if S3 has one.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn read(&self, object: &lambda_kit::Object, range: Range<u64>) -> Result<Bytes, Failed> {
        let lambda_kit::Object { key, size, etag } = object;
        let bytes = range.end - range.start;
        // Only of a whole object does S3 tell the checksum.
        let call = &get(key, (range != (0..*size)).then_some(range), etag);
        let read = self.attempts(|_| async move {
            let Answer { headers, body } = self.once(call).await?;
            if body.len() as u64 != bytes {
                return Err(Error::Broken(format!("{} bytes arrived, not {bytes}", body.len())));
            }
            if stored_crc(&headers).is_some_and(|crc| crc != crc32fast::hash(&body)) {
                return Err(Error::Broken("the bytes that arrived don't have the object's CRC32".to_owned()));
            }
            Ok(body)
        });
        read.await.map_err(|error| error.of(format!("read '{key}'")))
    }

    /// The CRC32 that is stored with an object, if one of all its bytes is, and if it has the entity tag `etag` still.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn crc(&self, key: &str, etag: &str) -> Result<Option<u32>, Failed> {
        let call = Call::new(Method::HEAD, key, String::new()).header("if-match", etag);
        let answer = self.call(call.header("x-amz-checksum-mode", "ENABLED")).await;
        Ok(stored_crc(&answer.map_err(|error| error.of(format!("look at '{key}'")))?.headers))
    }

    /// One attempt to read a range of an object piece by piece: the response's headers, and its body, whose end may come
    /// early. It doesn't count as a request under way.
    ///
    /// # Errors
    /// S3's, of this attempt.
    pub async fn open(
        &self,
        key: &str,
        range: Option<Range<u64>>,
        etag: &str,
    ) -> Result<(HeaderMap, impl Stream<Item = Result<Bytes, Error>> + Send + use<>), Error> {
        let call = get(key, range, etag);
        let (parts, body) = self.response(&call, Body::whole(Vec::new())).await?.into_parts();
        let pieces = futures::stream::unfold(body, |mut body| async {
            loop {
                match body.frame().await? {
                    Ok(frame) => match frame.into_data() {
                        Ok(bytes) => return Some((Ok(bytes), body)),
                        Err(_trailers) => {}
                    },
                    Err(error) => return Some((Err(broken(&error)), body)),
                }
            }
        });
        Ok((parts.headers, pieces))
    }

    /// Does `attempt`, which is told its number from 0, until it succeeds or fails for good; `doing` completes "cannot …".
    ///
    /// # Errors
    /// The last attempt's.
    pub async fn again<T, F: Future<Output = Result<T, Error>>>(
        &self,
        doing: &str,
        attempt: impl FnMut(u32) -> F,
    ) -> Result<T, Failed> {
        self.attempts(attempt).await.map_err(|error| error.of(doing.to_owned()))
    }

    /// Writes an object that is known as a whole; S3 compares its CRC32.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn put(&self, key: &str, pieces: Vec<Bytes>) -> Result<(), Failed> {
        let call = Call::new(Method::PUT, key, String::new());
        let call = call.header("x-amz-checksum-crc32", crc_text(crc_of_pieces(&pieces))).body(pieces);
        self.call(call).await.map(drop).map_err(|error| error.of(format!("write '{key}'")))
    }

    /// Writes an object that comes piece by piece; `body` makes it anew for each attempt. It doesn't count as a request
    /// under way.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn put_stream(&self, key: &str, body: impl Fn() -> Body) -> Result<(), Failed> {
        let call = Call::new(Method::PUT, key, String::new());
        let (call, body) = (&call, &body);
        let put = self.attempts(|_| async move { self.response(call, body()).await.map(drop) });
        put.await.map_err(|error| error.of(format!("write '{key}'")))
    }

    /// Deletes objects; those that are gone are no error.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn delete(&self, keys: &[String]) -> Result<(), Failed> {
        let (named, unnamed): (Vec<_>, Vec<_>) = keys.iter().partition(|key| is_xml_text(key));
        // The XML of a batch cannot name them.
        for key in unnamed {
            let deleted = self.call(Call::new(Method::DELETE, key, String::new())).await;
            deleted.map_err(|error| error.of(format!("delete {key:?}")))?;
        }
        for keys in named.chunks(DELETED_AT_ONCE) {
            let deleted = keys.iter().map(|key| format!("<Object><Key>{}</Key></Object>", xml::escape(key)));
            let xml = format!("<Delete>{}<Quiet>true</Quiet></Delete>", deleted.collect::<String>());
            let call = Call::new(Method::POST, "", "delete=".to_owned());
            let call = call
                .header("x-amz-checksum-crc32", crc_text(crc32fast::hash(xml.as_bytes())))
                .body(vec![xml.into()]);
            let of = |error: Error| error.of(format!("delete '{}' and others", keys[0]));
            let answer = self.call(call).await.map_err(of)?;
            if let Some(refused) = xml::text(&answer.text(), "Error") {
                return Err(of(Error::refused(200, refused)));
            }
        }
        Ok(())
    }
}

fn get<'a>(key: &'a str, range: Option<Range<u64>>, etag: &str) -> Call<'a> {
    let call = Call::new(Method::GET, key, String::new()).header("if-match", etag);
    let call = call.header("x-amz-checksum-mode", "ENABLED");
    match range {
        Some(range) => call.header("range", format!("bytes={}-{}", range.start, range.end - 1)),
        None => call,
    }
}

/// The CRC32 of all of an object's bytes, if a response's headers tell it.
#[must_use]
pub fn stored_crc(headers: &HeaderMap) -> Option<u32> {
    // One of the parts' checksums has their number behind it.
    headers.get("x-amz-checksum-crc32").and_then(|crc| crc.to_str().ok()).and_then(crc_of)
}

/// Whether an object has this size, and this CRC32 if one is given.
pub(crate) async fn head_says(s3: &S3, key: &str, size: u64, crc: Option<u32>) -> Result<(), ()> {
    let call = Call::new(Method::HEAD, key, String::new()).header("x-amz-checksum-mode", "ENABLED");
    let headers = s3.call(call).await.map_err(drop)?.headers;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let has_size = text("content-length").and_then(|text| text.parse().ok()) == Some(size);
    let has_crc = crc.is_none() || stored_crc(&headers) == crc;
    if has_size && has_crc { Ok(()) } else { Err(()) }
}

fn object(contents: &str) -> lambda_kit::Object {
    let text = |name| xml::text(contents, name).unwrap_or_default();
    lambda_kit::Object {
        key: decoded(text("Key")),
        size: text("Size").parse().unwrap_or_default(),
        etag: xml::unescape(text("ETag")).into_owned(),
    }
}

/// A key of a listing, which is asked for with URL encoding.
pub(crate) fn decoded(text: &str) -> String {
    decode_url(&xml::unescape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_s_keys_are_those_of_the_objects() {
        let contents = "<Key>files/a%26%2B+%C3%A9%0A</Key><ETag>&quot;1&quot;</ETag><Size>7</Size>";
        let object = object(contents);
        assert_eq!((object.key.as_str(), object.size, object.etag.as_str()), ("files/a&+ é\n", 7, "\"1\""));
    }
}
