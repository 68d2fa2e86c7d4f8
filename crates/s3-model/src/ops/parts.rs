//! `UploadPart` and `ListParts`.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::checksum::{self, Expected};
use super::{Model, body, count, etag, owner, size, timestamp, upload};
use crate::checksums::{Algorithm, Checksum};
use crate::rules;
use crate::store::{Bytes, Change, PartInfo, Seconds, Upload};

pub async fn upload_part(
    model: &Model,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let S3Request { mut input, trailing_headers, .. } = request;
    let number = rules::part_number(input.part_number)?;
    let announced = checksum::algorithm(input.checksum_algorithm.as_ref())?;
    let expected = Expected::new(checksum::given!(input)?, announced, trailing_headers);
    let asked = {
        let state = model.store.state();
        asked_algorithm(upload(&state, &input.bucket, &input.key, &input.upload_id)?, expected.algorithm)?
    };
    let length = body::Length { announced: input.content_length, md5: input.content_md5.as_deref() };
    let received = body::receive(model, input.body.take(), &length, asked.or(expected.algorithm)).await?;
    if let Some(algorithm) = expected.algorithm {
        expected.verify(&received.digests.checksum(algorithm))?;
    }
    let shown = asked.or(expected.algorithm).map(|algorithm| received.digests.checksum(algorithm));
    let mut output = UploadPartOutput { e_tag: Some(etag(&received.etag)), ..UploadPartOutput::default() };
    checksum::show!(output, shown.as_ref());
    // An upload that asked for no algorithm forgets what its parts came with.
    let checksum = shown.filter(|_| asked.is_some());
    let info = PartInfo { etag: received.etag, modified: Seconds::now(), checksum };
    model.change(Some(received.rope), |state| {
        upload(state, &input.bucket, &input.key, &input.upload_id)?;
        Ok((Change::PutPart { upload: input.upload_id, number, info, bytes: Bytes::Body }, ()))
    })?;
    Ok(S3Response::new(output))
}

/// The algorithm of an upload's parts, unless the part was sent with another.
fn asked_algorithm(upload: &Upload, given: Option<Algorithm>) -> S3Result<Option<Algorithm>> {
    let asked = upload.info.checksums.map(|(algorithm, _)| algorithm);
    if let (Some(asked), Some(given)) = (asked, given)
        && asked != given
    {
        let (asked, given) = (asked.name().to_lowercase(), given.name().to_lowercase());
        return Err(s3_error!(
            InvalidRequest,
            "Checksum Type mismatch occurred, expected checksum Type: {asked}, actual checksum Type: {given}"
        ));
    }
    Ok(asked)
}

pub fn list_parts(
    model: &Model,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let input = request.input;
    let limit = rules::list_limit(input.max_parts, "max-parts")?;
    let marker = input.part_number_marker.unwrap_or(0);
    let state = model.store.state();
    let upload = upload(&state, &input.bucket, &input.key, &input.upload_id)?;
    let mut behind = upload.parts.iter().filter(|(number, _)| i32::from(**number) > marker);
    let parts: Vec<_> = behind.by_ref().take(limit).map(|(number, part)| shown(*number, part)).collect();
    let is_truncated = limit > 0 && behind.next().is_some();
    let next = parts.last().filter(|_| is_truncated).and_then(|part| part.part_number);
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        checksum_algorithm: upload.info.checksums.map(|(algorithm, _)| algorithm.name().to_owned().into()),
        checksum_type: upload.info.checksums.map(|(_, coverage)| checksum::kind(coverage)),
        initiator: Some(Initiator { id: owner().id, display_name: owner().display_name }),
        owner: Some(owner()),
        is_truncated: Some(is_truncated),
        max_parts: Some(count(limit)),
        next_part_number_marker: next,
        part_number_marker: Some(marker),
        parts: Some(parts),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        ..ListPartsOutput::default()
    }))
}

fn shown(number: u16, part: &crate::store::Part) -> Part {
    let mut shown = Part {
        part_number: Some(number.into()),
        e_tag: Some(etag(&part.info.etag)),
        last_modified: Some(timestamp(part.info.modified)),
        size: Some(size(part.rope.len())),
        ..Part::default()
    };
    let checksum: Option<&Checksum> = part.info.checksum.as_ref();
    checksum::show!(shown, checksum);
    shown
}
