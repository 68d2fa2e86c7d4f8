//! `PutObject`.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::checksum::{self, Expected};
use super::conditions::check_write;
use super::{Model, body, bucket, encryption, etag, headers, tagging};
use crate::checksums::Algorithm;
use crate::rules;
use crate::store::{Bytes, Change, ObjectInfo, Seconds};

pub async fn put_object(
    model: &Model,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let S3Request { mut input, trailing_headers, .. } = request;
    rules::key(&input.key)?;
    let announced = checksum::algorithm(input.checksum_algorithm.as_ref())?;
    let expected = Expected::new(checksum::given!(input)?, announced, trailing_headers);
    let tags = tagging::of_header(input.tagging.as_deref())?;
    let headers = headers::taken!(input)?;
    let kms_key = encryption::kms_key(input.server_side_encryption.take(), input.ssekms_key_id.take());
    let (matches, none_match) = (input.if_match.take(), input.if_none_match.take());
    check_target(model, &input, matches.as_ref(), none_match.as_ref())?;
    let length = body::Length { announced: input.content_length, md5: input.content_md5.as_deref() };
    let received = body::receive(model, input.body.take(), &length, expected.algorithm).await?;
    let checksum = received.digests.checksum(expected.algorithm.unwrap_or(Algorithm::Crc64Nvme));
    expected.verify(&checksum)?;
    let own_etag = encryption::etag(received.etag, kms_key.as_deref());
    let mut output = PutObjectOutput { e_tag: Some(etag(&own_etag)), ..PutObjectOutput::default() };
    encryption::show!(output, kms_key.as_deref());
    checksum::show!(output, Some(&checksum));
    output.checksum_type = Some(checksum::kind(checksum.coverage));
    let (modified, checksum) = (Seconds::now(), Some(checksum));
    let info = ObjectInfo { etag: own_etag, modified, checksum, headers, kms_key, tags };
    model.change(Some(received.rope), |state| {
        let old = bucket(state, &input.bucket)?.objects.get(&input.key);
        check_write(old.map(AsRef::as_ref), matches.as_ref(), none_match.as_ref())?;
        let (bucket, key) = (input.bucket, input.key);
        Ok((Change::Put { bucket, key, info, parts: None, bytes: Bytes::Body }, ()))
    })?;
    Ok(S3Response::new(output))
}

/// Refuses before the body is read what would be refused after it.
fn check_target(
    model: &Model,
    input: &PutObjectInput,
    matches: Option<&ETagCondition>,
    none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let state = model.store.state();
    let old = bucket(&state, &input.bucket)?.objects.get(&input.key);
    check_write(old.map(AsRef::as_ref), matches, none_match)
}
