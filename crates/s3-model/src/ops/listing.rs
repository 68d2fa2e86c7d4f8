//! `ListObjects`, in its first and its second version, and `ListObjectVersions`.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::{Model, bucket, count, etag, owner, size, timestamp};
use crate::checksums::Checksum;
use crate::rules;

/// What to list.
#[derive(Default)]
struct Query<'a> {
    prefix: &'a str,
    delimiter: Option<&'a str>,
    /// Only what comes after it, in the order of bytes.
    after: &'a str,
    limit: usize,
}

/// What was found, in the order of bytes.
struct Found<'a> {
    entries: Vec<Entry<'a>>,
    is_truncated: bool,
}

#[derive(Clone, Copy)]
enum Entry<'a> {
    Object(&'a str, &'a crate::store::Object),
    Prefix(&'a str),
}

impl Entry<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Object(name, _) | Self::Prefix(name) => name,
        }
    }
}

fn find<'a>(objects: &'a BTreeMap<String, Arc<crate::store::Object>>, query: &Query<'_>) -> Found<'a> {
    let mut found = Found { entries: Vec::new(), is_truncated: false };
    let mut from = if query.after < query.prefix {
        Bound::Included(query.prefix.to_owned())
    } else {
        Bound::Excluded(query.after.to_owned())
    };
    while let Some((key, object)) = objects.range((from, Bound::Unbounded)).next() {
        let Some(rest) = key.strip_prefix(query.prefix) else { break };
        let common = query.delimiter.and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()));
        let entry = match common {
            Some(len) => Entry::Prefix(&key[..query.prefix.len() + len]),
            None => Entry::Object(key, object),
        };
        from = match entry {
            // All keys of a common prefix are one entry: on to the first one behind them.
            Entry::Prefix(prefix) => match behind(prefix) {
                Some(next) => Bound::Included(next),
                None => break,
            },
            Entry::Object(key, _) => Bound::Excluded(key.to_owned()),
        };
        // A page may end with a common prefix; the next one must not start with it again.
        if matches!(entry, Entry::Prefix(prefix) if prefix <= query.after) {
            continue;
        }
        if found.entries.len() == query.limit {
            found.is_truncated = query.limit > 0;
            break;
        }
        found.entries.push(entry);
    }
    found
}

/// The first string after all that start with `prefix`.
fn behind(prefix: &str) -> Option<String> {
    let (at, last) = prefix.char_indices().rev().find(|(_, last)| *last != char::MAX)?;
    let next = (u32::from(last) + 1..).find_map(char::from_u32)?;
    Some(format!("{}{next}", &prefix[..at]))
}

/// What of an object a list shows.
struct Shown {
    with_owner: bool,
    is_encoded: bool,
}

impl Shown {
    fn new(encoding: Option<&EncodingType>, with_owner: bool) -> S3Result<Self> {
        let is_encoded = match encoding.map(EncodingType::as_str) {
            None => false,
            Some(EncodingType::URL) => true,
            Some(_) => {
                return Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request"));
            }
        };
        Ok(Self { with_owner, is_encoded })
    }

    fn text(&self, text: &str) -> String {
        if self.is_encoded { encode(text) } else { text.to_owned() }
    }

    fn split(&self, entries: &[Entry<'_>]) -> (ObjectList, CommonPrefixList) {
        let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::Object(key, object) => objects.push(self.object(key, object)),
                Entry::Prefix(prefix) => prefixes.push(CommonPrefix { prefix: Some(self.text(prefix)) }),
            }
        }
        (objects, prefixes)
    }

    fn object(&self, key: &str, object: &crate::store::Object) -> Object {
        let class = object.info.headers.storage_class.clone();
        let class = class.unwrap_or_else(|| ObjectStorageClass::STANDARD.to_owned());
        let algorithm = |checksum: &Checksum| vec![ChecksumAlgorithm::from_static(checksum.algorithm.name())];
        let checksum = object.info.checksum.as_ref();
        Object {
            key: Some(self.text(key)),
            e_tag: Some(etag(&object.info.etag)),
            last_modified: Some(timestamp(object.info.modified)),
            size: Some(size(object.rope.len())),
            storage_class: Some(class.into()),
            owner: self.with_owner.then(owner),
            checksum_algorithm: checksum.map(algorithm),
            checksum_type: checksum.map(|checksum| super::checksum::kind(checksum.coverage)),
            restore_status: None,
        }
    }
}

/// Percent-encoding as S3's `encoding-type=url`: all but letters, digits and `-_.*/`.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => encoded.extend(["%", &super::body::hex(&[byte]).to_uppercase()]),
        }
    }
    encoded
}

pub fn list_objects(
    model: &Model,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let shown = Shown::new(input.encoding_type.as_ref(), true)?;
    let limit = rules::list_limit(input.max_keys, "maxKeys")?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
        after: input.marker.as_deref().unwrap_or_default(),
        limit,
    };
    let state = model.store.state();
    let found = find(&bucket(&state, &input.bucket)?.objects, &query);
    let (contents, common_prefixes) = shown.split(&found.entries);
    let last = found.entries.last().filter(|_| found.is_truncated && query.delimiter.is_some());
    Ok(S3Response::new(ListObjectsOutput {
        next_marker: last.map(|entry| shown.text(entry.name())),
        prefix: Some(shown.text(query.prefix)),
        marker: Some(shown.text(query.after)),
        delimiter: query.delimiter.map(|delimiter| shown.text(delimiter)),
        max_keys: Some(count(limit)),
        is_truncated: Some(found.is_truncated),
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        encoding_type: input.encoding_type,
        name: Some(input.bucket),
        request_charged: None,
    }))
}

pub fn list_objects_v2(
    model: &Model,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let shown = Shown::new(input.encoding_type.as_ref(), input.fetch_owner.unwrap_or(false))?;
    let limit = rules::list_limit(input.max_keys, "max-keys")?;
    let continued = input.continuation_token.as_deref().map(position).transpose()?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
        after: continued.as_deref().or(input.start_after.as_deref()).unwrap_or_default(),
        limit,
    };
    let state = model.store.state();
    let found = find(&bucket(&state, &input.bucket)?.objects, &query);
    let (contents, common_prefixes) = shown.split(&found.entries);
    let last = found.entries.last().filter(|_| found.is_truncated);
    Ok(S3Response::new(ListObjectsV2Output {
        next_continuation_token: last.map(|entry| BASE64_STANDARD.encode(entry.name())),
        prefix: Some(shown.text(query.prefix)),
        delimiter: query.delimiter.map(|delimiter| shown.text(delimiter)),
        max_keys: Some(count(limit)),
        key_count: Some(count(found.entries.len())),
        is_truncated: Some(found.is_truncated),
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        start_after: input.start_after.as_deref().map(|after| shown.text(after)),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        name: Some(input.bucket),
        request_charged: None,
    }))
}

/// Each object has one version, `null`: the model's buckets never had versioning.
pub fn list_object_versions(
    model: &Model,
    request: S3Request<ListObjectVersionsInput>,
) -> S3Result<S3Response<ListObjectVersionsOutput>> {
    let input = request.input;
    let shown = Shown::new(input.encoding_type.as_ref(), true)?;
    let limit = rules::list_limit(input.max_keys, "max-keys")?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
        after: input.key_marker.as_deref().unwrap_or_default(),
        limit,
    };
    let state = model.store.state();
    let found = find(&bucket(&state, &input.bucket)?.objects, &query);
    let (contents, common_prefixes) = shown.split(&found.entries);
    let last = found.entries.last().filter(|_| found.is_truncated);
    Ok(S3Response::new(ListObjectVersionsOutput {
        next_key_marker: last.map(|entry| shown.text(entry.name())),
        next_version_id_marker: last.map(|_| rules::ONLY_VERSION.to_owned()),
        prefix: Some(shown.text(query.prefix)),
        key_marker: Some(shown.text(query.after)),
        version_id_marker: input.version_id_marker,
        delimiter: query.delimiter.map(|delimiter| shown.text(delimiter)),
        max_keys: Some(count(limit)),
        is_truncated: Some(found.is_truncated),
        versions: Some(contents.into_iter().map(only_version).collect()),
        delete_markers: None,
        common_prefixes: Some(common_prefixes),
        encoding_type: input.encoding_type,
        name: Some(input.bucket),
        request_charged: None,
    }))
}

fn only_version(object: Object) -> ObjectVersion {
    ObjectVersion {
        key: object.key,
        version_id: Some(rules::ONLY_VERSION.to_owned()),
        is_latest: Some(true),
        e_tag: object.e_tag,
        last_modified: object.last_modified,
        size: object.size,
        storage_class: object.storage_class.map(|class| class.as_str().to_owned().into()),
        owner: object.owner,
        checksum_algorithm: object.checksum_algorithm,
        checksum_type: object.checksum_type,
        restore_status: None,
    }
}

/// Where a continuation token says that the page before ended.
fn position(token: &str) -> S3Result<String> {
    let name = BASE64_STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Headers, ObjectInfo, Rope, Seconds};

    fn objects(keys: &[&str]) -> BTreeMap<String, Arc<crate::store::Object>> {
        let info = ObjectInfo {
            etag: String::new(),
            modified: Seconds(1),
            checksum: None,
            headers: Headers::default(),
            kms_key: None,
            tags: vec![],
        };
        let object = Arc::new(crate::store::Object { rope: Rope::new([]), info, parts: None, change: 0 });
        keys.iter().map(|key| ((*key).to_owned(), Arc::clone(&object))).collect()
    }

    /// All pages one after the other, each entry on its own.
    fn pages(keys: &[&str], prefix: &str, delimiter: Option<&str>, limit: usize) -> Vec<Vec<String>> {
        let objects = objects(keys);
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let found = find(&objects, &Query { prefix, delimiter, after: &after, limit });
            let page: Vec<_> = found.entries.iter().map(|entry| entry.name().to_owned()).collect();
            after = page.last().cloned().unwrap_or_default();
            pages.push(page);
            if !found.is_truncated {
                return pages;
            }
        }
    }

    #[test]
    fn folders_are_listed_once_however_the_pages_fall() {
        let keys = ["a/1", "a/2", "b", "c/d/1", "c/d/2", "c0"];
        assert_eq!(pages(&keys, "", Some("/"), 10), [["a/", "b", "c/", "c0"]]);
        assert_eq!(pages(&keys, "", Some("/"), 1), [["a/"], ["b"], ["c/"], ["c0"]]);
        assert_eq!(pages(&keys, "c/", Some("/"), 1), [["c/d/"]]);
        assert_eq!(pages(&keys, "a", None, 1), [["a/1"], ["a/2"]]);
    }

    #[test]
    fn a_page_of_nothing_is_the_last_one() {
        assert_eq!(pages(&["a"], "", None, 0), [Vec::<String>::new()]);
    }

    #[test]
    fn keys_behind_a_prefix_of_the_highest_characters_are_found() {
        assert_eq!(behind("a/").as_deref(), Some("a0"));
        assert_eq!(behind("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(behind("\u{10FFFF}"), None);
        assert_eq!(behind("\u{D7FF}").as_deref(), Some("\u{E000}"));
    }

    #[test]
    fn names_are_encoded_as_s3_encodes_them() {
        assert_eq!(encode("a b+c/ä%~"), "a+b%2Bc/%C3%A4%25%7E");
    }
}
