//! `CompleteMultipartUpload`.

use md5::{Digest, Md5};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::body::hex;
use super::conditions::check_completion;
use super::{Model, bucket, checksum, etag, upload};
use crate::checksums::{Algorithm, Checksum, Coverage, CrcJoin};
use crate::rules;
use crate::store::{Change, ObjectInfo, Part, Rope, Seconds, Upload};

pub fn complete_multipart_upload(
    model: &Model,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let mut input = request.input;
    let wanted = checksum::values!(input);
    let asked = input.multipart_upload.and_then(|parts| parts.parts).unwrap_or_default();
    if asked.is_empty() {
        return Err(s3_error!(InvalidRequest, "You must specify at least one part"));
    }
    let (name, key, id) = (input.bucket, input.key, input.upload_id);
    let output = model.change(None, |state| {
        let upload = upload(state, &name, &key, &id)?;
        let parts = chosen(upload, asked)?;
        check_sizes(&parts)?;
        check_size(&parts, input.mpu_object_size)?;
        check_kind(upload, input.checksum_type.as_ref())?;
        let old = bucket(state, &name)?.objects.get(&key);
        check_completion(
            upload,
            old.map(AsRef::as_ref),
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let checksum = object_checksum(upload, &parts);
        check_given(&wanted, checksum.as_ref())?;
        let info = ObjectInfo {
            etag: object_etag(&parts),
            modified: Seconds::now(),
            checksum,
            headers: upload.info.headers.clone(),
            kms_key: None,
            tags: upload.info.tags.clone(),
        };
        let output = output(&name, &key, &info);
        let parts = parts.iter().map(|(number, _)| *number).collect();
        Ok((Change::Complete { upload: id, parts, info }, output))
    })?;
    Ok(S3Response::new(output))
}

fn output(name: &str, key: &str, info: &ObjectInfo) -> CompleteMultipartUploadOutput {
    let mut output = CompleteMultipartUploadOutput {
        bucket: Some(name.to_owned()),
        key: Some(key.to_owned()),
        location: Some(format!("/{name}/{key}")),
        e_tag: Some(etag(&info.etag)),
        ..CompleteMultipartUploadOutput::default()
    };
    checksum::show!(output, info.checksum.as_ref());
    output.checksum_type = info.checksum.as_ref().map(|checksum| checksum::kind(checksum.coverage));
    output
}

/// The uploaded parts that a completion names, in its order, which must be that of their numbers.
fn chosen(upload: &Upload, asked: Vec<CompletedPart>) -> S3Result<Vec<(u16, &Part)>> {
    let mut parts: Vec<(u16, &Part)> = Vec::with_capacity(asked.len());
    for mut asked in asked {
        let number = rules::part_number(asked.part_number.ok_or_else(rules::malformed_xml)?)?;
        if parts.last().is_some_and(|(last, _)| *last >= number) {
            return Err(s3_error!(
                InvalidPartOrder,
                "The list of parts was not in ascending order. Parts must be ordered by part number."
            ));
        }
        let part = upload.parts.get(&number).ok_or_else(rules::invalid_part)?;
        let etag = asked.e_tag.take().ok_or_else(rules::malformed_xml)?;
        if etag.value() != part.info.etag {
            return Err(rules::invalid_part());
        }
        check_part_checksum(upload, number, &mut asked, part)?;
        parts.push((number, part));
    }
    Ok(parts)
}

/// A composite checksum is of the parts' checksums, which the client therefore has to name.
fn check_part_checksum(upload: &Upload, number: u16, asked: &mut CompletedPart, part: &Part) -> S3Result<()> {
    let given = checksum::given!(asked)?;
    match (given, &part.info.checksum, upload.info.checksums) {
        (Some((algorithm, value)), Some(stored), _) => {
            if stored.algorithm != algorithm || stored.value != value {
                return Err(rules::invalid_part());
            }
        }
        (Some(_), None, _) => return Err(rules::invalid_part()),
        (None, _, Some((algorithm, Coverage::Composite))) => {
            let name = algorithm.name().to_lowercase();
            return Err(s3_error!(
                InvalidRequest,
                "The upload was created using a {name} checksum. The complete request must include the checksum for each \
                 part. It was missing for part {number} in the request."
            ));
        }
        (None, _, _) => {}
    }
    Ok(())
}

/// All parts but the last have to be large enough.
fn check_sizes(parts: &[(u16, &Part)]) -> S3Result<()> {
    let (_, all_but_last) = parts.split_last().ok_or_else(rules::malformed_xml)?;
    if all_but_last.iter().any(|(_, part)| part.rope.len() < rules::MIN_PART) {
        return Err(rules::entity_too_small());
    }
    Ok(())
}

fn check_size(parts: &[(u16, &Part)], given: Option<i64>) -> S3Result<()> {
    let size: u64 = parts.iter().map(|(_, part)| part.rope.len()).sum();
    match given {
        Some(given) if u64::try_from(given) != Ok(size) => Err(s3_error!(
            InvalidRequest,
            "The provided 'x-amz-mp-object-size' header value {given} does not match what was computed: {size}"
        )),
        _ => Ok(()),
    }
}

fn check_kind(upload: &Upload, given: Option<&ChecksumType>) -> S3Result<()> {
    let expected = upload.info.checksums.map_or(Coverage::FullObject, |(_, coverage)| coverage).name();
    match given.map(ChecksumType::as_str) {
        Some(given) if given != expected => Err(s3_error!(
            InvalidRequest,
            "The upload was created using the {expected} checksum mode. The complete request must use the same checksum \
             mode."
        )),
        _ => Ok(()),
    }
}

/// The MD5 of the parts' MD5s, and their number.
fn object_etag(parts: &[(u16, &Part)]) -> String {
    let mut md5 = Md5::new();
    for (_, part) in parts {
        md5.update(unhex(&part.info.etag));
    }
    format!("{}-{}", hex(&md5.finalize()), parts.len())
}

fn unhex(digits: &str) -> Vec<u8> {
    let digits: Vec<_> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(2)
        .filter_map(|pair| u8::try_from(pair.iter().fold(0, |all, digit| all * 16 + digit)).ok())
        .collect()
}

/// The checksum that the upload asked for; without one S3's default, as far as it is known without reading bytes.
fn object_checksum(upload: &Upload, parts: &[(u16, &Part)]) -> Option<Checksum> {
    match upload.info.checksums {
        Some((algorithm, Coverage::Composite)) => {
            let values: Option<Vec<_>> =
                parts.iter().map(|(_, part)| Some(part.info.checksum.as_ref()?.value.as_str())).collect();
            Checksum::of_parts(algorithm, values?.into_iter())
        }
        Some((algorithm, Coverage::FullObject)) => joined(algorithm, parts),
        None => {
            let ropes = || parts.iter().map(|(_, part)| &part.rope);
            let is_known = ropes().all(Rope::has_known_crcs);
            let crcs = is_known.then(|| Rope::concat(ropes()).crcs().ok()).flatten()?;
            Checksum::of_crcs(Algorithm::Crc64Nvme, crcs)
        }
    }
}

fn joined(algorithm: Algorithm, parts: &[(u16, &Part)]) -> Option<Checksum> {
    let mut join = CrcJoin::default();
    for (_, part) in parts {
        join.push(part.info.checksum.as_ref()?.to_crcs()?, part.rope.len());
    }
    Checksum::of_crcs(algorithm, join.finish())
}

/// Compares the client's checksum of the whole with the object's.
fn check_given(given: &[(Algorithm, Option<String>); 5], checksum: Option<&Checksum>) -> S3Result<()> {
    for (algorithm, value) in given {
        let Some(value) = value else { continue };
        let is_same = checksum.is_some_and(|checksum| {
            let plain = checksum.value.split('-').next();
            checksum.algorithm == *algorithm && (checksum.value == *value || plain == Some(value))
        });
        if !is_same {
            return Err(rules::bad_digest(&algorithm.name().to_lowercase()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::PartInfo;

    #[test]
    fn an_etag_of_parts_is_what_s3_makes_of_them() {
        // Of two parts, "a" and "b": `(printf a | md5sum; printf b | md5sum)`, the digests as bytes, again through md5sum.
        let part = |etag: &str| Part {
            rope: Rope::new([]),
            info: PartInfo { etag: etag.into(), modified: Seconds(0), checksum: None },
        };
        let parts = [part("0cc175b9c0f1b6a831c399e269772661"), part("92eb5ffee6ae2fec3ad71c777531578f")];
        let numbered: Vec<_> = (1..).zip(&parts).collect();
        assert_eq!(object_etag(&numbered), "96e024ba2074fe77e8e965ba43a704be-2");
    }
}
