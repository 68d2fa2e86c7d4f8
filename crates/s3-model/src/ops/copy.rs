//! `CopyObject`, and what it shares with `UploadPartCopy`.

use std::io;
use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};
use tokio::task::spawn_blocking;

use super::conditions::{self, Conditions, check_write};
use super::{Model, bucket, checksum, etag, headers, object, tagging, timestamp};
use crate::checksums::{Algorithm, Checksum, Coverage, Hasher};
use crate::rules;
use crate::store::{Bytes, Change, Object, ObjectInfo, Reader, Rope, Seconds, State};

/// Where a copy comes from.
#[derive(Clone)]
pub struct Source {
    pub bucket: String,
    pub key: String,
}

impl Source {
    /// The source of `x-amz-copy-source`.
    ///
    /// # Errors
    /// When it is no object of a bucket here.
    pub fn new(header: &CopySource) -> S3Result<Self> {
        match header {
            CopySource::Bucket { bucket, key, version_id: None } => {
                Ok(Self { bucket: bucket.to_string(), key: key.to_string() })
            }
            CopySource::Bucket { .. } => {
                Err(s3_error!(NoSuchVersion, "The specified version does not exist."))
            }
            CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => {
                Err(s3_error!(NotImplemented, "The S3 model has no access points and no outposts"))
            }
        }
    }

    /// The object, if it may be copied.
    ///
    /// # Errors
    /// When it is missing, or a condition does not hold.
    pub fn object(&self, model: &Model, conditions: &Conditions) -> S3Result<Arc<Object>> {
        let object = model.object(&self.bucket, &self.key)?;
        conditions.check_source(&object)?;
        Ok(object)
    }

    /// Refuses a change of a source that another request has written to since it was looked at.
    ///
    /// # Errors
    /// `OperationAborted`, which clients try again.
    pub fn check_unchanged(&self, state: &State, seen: &Arc<Object>) -> S3Result<()> {
        let now = object(state, &self.bucket, &self.key)?;
        if now.rope.identity() == seen.rope.identity() && now.info.etag == seen.info.etag {
            return Ok(());
        }
        Err(s3_error!(
            OperationAborted,
            "A conflicting conditional operation is currently in progress against this resource. Please try again."
        ))
    }
}

/// The checksum of a copy's bytes. A CRC is joined from those of the blocks; a hash costs reading the bytes, for which no
/// time is modelled.
///
/// # Errors
/// When they cannot be read.
pub async fn checksum_of(rope: &Rope, algorithm: Algorithm) -> S3Result<Checksum> {
    if algorithm.is_crc() && rope.has_known_crcs() {
        let checksum = rope.crcs().map(|crcs| Checksum::of_crcs(algorithm, crcs));
        return checksum.map_err(|error| rules::internal(&error))?.ok_or_else(rules::precondition_failed);
    }
    let rope = rope.clone();
    let computed = spawn_blocking(move || read_checksum(rope, algorithm)).await;
    computed.map_err(io::Error::other).flatten().map_err(|error| rules::internal(&error))
}

fn read_checksum(rope: Rope, algorithm: Algorithm) -> io::Result<Checksum> {
    if algorithm.is_crc()
        && let Some(checksum) = Checksum::of_crcs(algorithm, rope.crcs()?)
    {
        return Ok(checksum);
    }
    let (mut reader, mut hasher) = (Reader::new(rope), Hasher::new(Some(algorithm)));
    let mut buffer = vec![0; 1 << 20];
    while reader.left() > 0 {
        let len = reader.read(&mut buffer)?;
        hasher.update(&buffer[..len]);
    }
    Ok(hasher.finish().checksum(algorithm))
}

pub async fn copy_object(
    model: &Model,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let mut input = request.input;
    rules::key(&input.key)?;
    let source = Source::new(&input.copy_source)?;
    let conditions = conditions::of_copy_source!(input);
    bucket(&model.store.state(), &input.bucket)?;
    let object = source.object(model, &conditions)?;
    rules::copy_size(object.rope.len())?;
    let replaces = |directive: Option<&str>| directive == Some("REPLACE");
    let replaces_headers = replaces(input.metadata_directive.as_ref().map(MetadataDirective::as_str));
    let replaces_tags = replaces(input.tagging_directive.as_ref().map(TaggingDirective::as_str));
    let mut headers = headers::taken!(input)?;
    let is_itself = source.bucket == input.bucket && source.key == input.key;
    let changes_nothing = !replaces_headers && headers.storage_class.is_none() && headers.redirect.is_none();
    if is_itself && changes_nothing && input.server_side_encryption.is_none() {
        return Err(s3_error!(
            InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes."
        ));
    }
    if !replaces_headers {
        let storage_class = headers.storage_class.take();
        headers = crate::store::Headers {
            storage_class,
            redirect: headers.redirect,
            ..object.info.headers.clone()
        };
    }
    let tags =
        if replaces_tags { tagging::of_header(input.tagging.as_deref())? } else { object.info.tags.clone() };
    let wanted = checksum::algorithm(input.checksum_algorithm.as_ref())?;
    let checksum = copied_checksum(&object, wanted).await?;
    let (etag, modified) = (copied_etag(&object), Seconds::now());
    let info = ObjectInfo { etag, modified, checksum, headers, kms_key: None, tags };
    let output = output(&info);
    let end = object.rope.len();
    model.change(None, |state| {
        let old = bucket(state, &input.bucket)?.objects.get(&input.key);
        check_write(old.map(AsRef::as_ref), None, None)?;
        source.check_unchanged(state, &object)?;
        let bytes = Bytes::CopyOf { bucket: source.bucket, key: source.key, start: 0, end };
        Ok((Change::Put { bucket: input.bucket, key: input.key, info, parts: None, bytes }, ()))
    })?;
    Ok(S3Response::new(output))
}

fn output(info: &ObjectInfo) -> CopyObjectOutput {
    let mut result = CopyObjectResult {
        e_tag: Some(etag(&info.etag)),
        last_modified: Some(timestamp(info.modified)),
        ..CopyObjectResult::default()
    };
    checksum::show!(result, info.checksum.as_ref());
    result.checksum_type = info.checksum.as_ref().map(|checksum| checksum::kind(checksum.coverage));
    CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() }
}

/// A copy has a checksum of all its bytes: the source's, or one with the source's algorithm, or the one asked for.
async fn copied_checksum(source: &Object, wanted: Option<Algorithm>) -> S3Result<Option<Checksum>> {
    let stored = source.info.checksum.as_ref();
    let known = stored.filter(|stored| {
        stored.coverage == Coverage::FullObject && wanted.is_none_or(|wanted| wanted == stored.algorithm)
    });
    if let Some(known) = known {
        return Ok(Some(known.clone()));
    }
    let algorithm = wanted.or(stored.map(|stored| stored.algorithm));
    match algorithm {
        Some(algorithm) => checksum_of(&source.rope, algorithm).await.map(Some),
        None if source.rope.has_known_crcs() => {
            checksum_of(&source.rope, Algorithm::Crc64Nvme).await.map(Some)
        }
        None => Ok(None),
    }
}

/// The MD5 if it is known. Of bytes that came in parts, or are encrypted by KMS, S3 computes it; the model gives 16 bytes that stand for the same
/// bytes and no others, so that a copy costs no reading.
fn copied_etag(source: &Object) -> String {
    let is_md5 = source.parts.is_none() && source.info.kms_key.is_none();
    if is_md5 { source.info.etag.clone() } else { derived_etag(source, 0, source.rope.len()) }
}

/// An etag of a range of an object that is only known by where it comes from.
pub fn derived_etag(source: &Object, start: u64, end: u64) -> String {
    use md5::Digest;
    let origin = format!("{} {start} {end}", source.info.etag);
    super::body::hex(&md5::Md5::digest(origin))
}
