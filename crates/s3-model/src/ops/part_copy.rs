//! `UploadPartCopy`.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::copy::{Source, checksum_of, derived_etag};
use super::{Model, checksum, conditions, etag, timestamp, upload};
use crate::checksums::{Algorithm, Checksum, Coverage};
use crate::rules;
use crate::store::{Bytes, Change, Object, PartInfo, Rope, Seconds};

pub async fn upload_part_copy(
    model: &Model,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let mut input = request.input;
    let number = rules::part_number(input.part_number)?;
    let source = Source::new(&input.copy_source)?;
    let asked = {
        let state = model.store.state();
        upload(&state, &input.bucket, &input.key, &input.upload_id)?.info.checksums
    };
    let object = source.object(model, &conditions::of_copy_source!(input))?;
    let len = object.rope.len();
    let range = input.copy_source_range.map_or(Ok(0..len), |header| rules::copy_range(&header, len))?;
    rules::copy_size(range.end - range.start)?;
    let rope = object.rope.slice(range.clone());
    let checksum = match asked {
        Some((algorithm, _)) => Some(part_checksum(&object, &rope, algorithm).await?),
        None => None,
    };
    let is_whole = range == (0..len);
    let known_md5 = (is_whole && object.parts.is_none()).then(|| object.info.etag.clone());
    let etag_value = known_md5.unwrap_or_else(|| derived_etag(&object, range.start, range.end));
    let info = PartInfo { etag: etag_value, modified: Seconds::now(), checksum };
    let result = shown(&info);
    model.change(None, |state| {
        upload(state, &input.bucket, &input.key, &input.upload_id)?;
        source.check_unchanged(state, &object)?;
        let bytes =
            Bytes::CopyOf { bucket: source.bucket, key: source.key, start: range.start, end: range.end };
        Ok((Change::PutPart { upload: input.upload_id, number, info, bytes }, ()))
    })?;
    let output = UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() };
    Ok(S3Response::new(output))
}

/// The stored checksum if the whole object is copied, else one of the range.
async fn part_checksum(object: &Object, rope: &Rope, algorithm: Algorithm) -> S3Result<Checksum> {
    let stored = object.info.checksum.as_ref().filter(|stored| {
        stored.algorithm == algorithm
            && stored.coverage == Coverage::FullObject
            && rope.len() == object.rope.len()
    });
    match stored {
        Some(stored) => Ok(stored.clone()),
        None => checksum_of(rope, algorithm).await,
    }
}

fn shown(info: &PartInfo) -> CopyPartResult {
    let mut result = CopyPartResult {
        e_tag: Some(etag(&info.etag)),
        last_modified: Some(timestamp(info.modified)),
        ..CopyPartResult::default()
    };
    checksum::show!(result, info.checksum.as_ref());
    result
}
