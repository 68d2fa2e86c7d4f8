//! `GetObjectAttributes`.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::{Model, checksum, count, etag, size, timestamp};
use crate::rules;
use crate::store;

pub fn get_object_attributes(
    model: &Model,
    request: S3Request<GetObjectAttributesInput>,
) -> S3Result<S3Response<GetObjectAttributesOutput>> {
    let input = request.input;
    let object = model.object(&input.bucket, &input.key)?;
    let asks = |name: &str| input.object_attributes.iter().any(|attribute| attribute.as_str() == name);
    let limit = rules::list_limit(input.max_parts, "max-parts")?;
    let class =
        || object.info.headers.storage_class.clone().unwrap_or_else(|| StorageClass::STANDARD.to_owned());
    let parts = object.parts.as_ref().filter(|_| asks(ObjectAttributes::OBJECT_PARTS));
    Ok(S3Response::new(GetObjectAttributesOutput {
        e_tag: asks(ObjectAttributes::ETAG).then(|| etag(&object.info.etag)),
        checksum: object
            .info
            .checksum
            .as_ref()
            .filter(|_| asks(ObjectAttributes::CHECKSUM))
            .map(shown_checksum),
        object_size: asks(ObjectAttributes::OBJECT_SIZE).then(|| size(object.rope.len())),
        storage_class: asks(ObjectAttributes::STORAGE_CLASS).then(|| StorageClass::from(class())),
        object_parts: parts.map(|parts| shown_parts(parts, input.part_number_marker.unwrap_or(0), limit)),
        last_modified: Some(timestamp(object.info.modified)),
        ..GetObjectAttributesOutput::default()
    }))
}

fn shown_checksum(stored: &crate::checksums::Checksum) -> Checksum {
    let mut shown = Checksum { checksum_type: Some(checksum::kind(stored.coverage)), ..Checksum::default() };
    checksum::show!(shown, Some(stored));
    shown
}

/// S3 names the single parts only if they have checksums.
fn shown_parts(parts: &[store::ObjectPart], marker: i32, limit: usize) -> GetObjectAttributesParts {
    let mut shown = GetObjectAttributesParts {
        total_parts_count: Some(count(parts.len())),
        ..GetObjectAttributesParts::default()
    };
    if parts.iter().all(|part| part.checksum.is_none()) {
        return shown;
    }
    let mut behind = parts.iter().filter(|part| i32::from(part.number) > marker);
    let page: Vec<_> = behind.by_ref().take(limit).map(shown_part).collect();
    let is_truncated = behind.next().is_some();
    shown.is_truncated = Some(is_truncated);
    shown.max_parts = Some(count(limit));
    shown.part_number_marker = Some(marker);
    shown.next_part_number_marker = page.last().filter(|_| is_truncated).and_then(|part| part.part_number);
    shown.parts = Some(page);
    shown
}

fn shown_part(part: &store::ObjectPart) -> ObjectPart {
    let (number, size) = (Some(part.number.into()), Some(size(part.size)));
    let mut shown = ObjectPart { part_number: number, size, ..ObjectPart::default() };
    checksum::show!(shown, part.checksum.as_ref());
    shown
}
