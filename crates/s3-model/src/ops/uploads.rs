//! Multipart uploads: started, listed, aborted.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::{Model, bucket, checksum, count, headers, listing, owner, tagging, timestamp, upload};
use crate::checksums::{Algorithm, Coverage};
use crate::rules;
use crate::store::{Change, Seconds, UploadInfo};

pub fn create_multipart_upload(
    model: &Model,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let mut input = request.input;
    rules::key(&input.key)?;
    let checksums = checksums(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
    let tags = tagging::of_header(input.tagging.as_deref())?;
    let headers = headers::taken!(input)?;
    let id = new_id();
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        upload_id: Some(id.clone()),
        checksum_algorithm: checksums.map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: checksums.map(|(_, coverage)| checksum::kind(coverage)),
        ..CreateMultipartUploadOutput::default()
    };
    let (bucket_name, key, initiated) = (input.bucket, input.key, Seconds::now());
    model.change(None, |state| {
        bucket(state, &bucket_name)?;
        let info = UploadInfo { bucket: bucket_name, key, initiated, headers, tags, checksums };
        Ok((Change::CreateUpload { upload: id, info }, ()))
    })?;
    Ok(S3Response::new(output))
}

/// Nobody can guess it, it can stand in a URL as it is, and later ones sort behind earlier ones, as S3 lists them.
fn new_id() -> String {
    format!("{}{}", uuid::Uuid::now_v7().simple(), uuid::Uuid::new_v4().simple())
}

/// What may be asked for together:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>.
fn checksums(
    algorithm: Option<&ChecksumAlgorithm>,
    kind: Option<&ChecksumType>,
) -> S3Result<Option<(Algorithm, Coverage)>> {
    let algorithm = checksum::algorithm(algorithm)?;
    let coverage = match kind.map(ChecksumType::as_str) {
        None => None,
        Some(ChecksumType::FULL_OBJECT) => Some(Coverage::FullObject),
        Some(ChecksumType::COMPOSITE) => Some(Coverage::Composite),
        Some(_) => return Err(s3_error!(InvalidRequest, "Value for x-amz-checksum-type header is invalid.")),
    };
    let Some(algorithm) = algorithm else {
        return match coverage {
            None => Ok(None),
            Some(_) => Err(s3_error!(
                InvalidRequest,
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )),
        };
    };
    let coverage = match (algorithm, coverage) {
        (Algorithm::Crc64Nvme, None) => Coverage::FullObject,
        (_, None) => Coverage::Composite,
        (Algorithm::Crc64Nvme, Some(Coverage::Composite))
        | (Algorithm::Sha1 | Algorithm::Sha256, Some(Coverage::FullObject)) => {
            let (kind, name) = (coverage.map_or("", Coverage::name), algorithm.name().to_lowercase());
            return Err(s3_error!(
                InvalidRequest,
                "The {kind} checksum type cannot be used with the {name} checksum algorithm."
            ));
        }
        (_, Some(coverage)) => coverage,
    };
    Ok(Some((algorithm, coverage)))
}

pub fn abort_multipart_upload(
    model: &Model,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let AbortMultipartUploadInput { bucket, key, upload_id, .. } = request.input;
    model.change(None, |state| {
        upload(state, &bucket, &key, &upload_id)?;
        Ok((Change::Abort { upload: upload_id }, ()))
    })?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub fn list_multipart_uploads(
    model: &Model,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let input = request.input;
    let limit = rules::list_limit(input.max_uploads, "max-uploads")?;
    let is_encoded = input.encoding_type.is_some();
    let text = |text: &str| if is_encoded { listing::encode(text) } else { text.to_owned() };
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let marker = (input.key_marker.as_deref().unwrap_or_default(), input.upload_id_marker.as_deref());
    let state = model.store.state();
    bucket(&state, &input.bucket)?;
    let mut found: Vec<_> = state
        .uploads
        .iter()
        .filter(|(id, upload)| {
            let key = upload.info.key.as_str();
            let is_behind =
                key > marker.0 || (key == marker.0 && marker.1.is_some_and(|marker| id.as_str() > marker));
            upload.info.bucket == input.bucket && key.starts_with(prefix) && is_behind
        })
        .collect();
    found.sort_unstable_by_key(|(id, upload)| (&upload.info.key, *id));
    let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
    let common = |key: &str| {
        let rest = &key[prefix.len()..];
        delimiter.and_then(|delimiter| {
            Some(key[..prefix.len() + rest.find(delimiter)? + delimiter.len()].to_owned())
        })
    };
    let (mut uploads, mut prefixes, mut last, mut is_truncated) =
        (Vec::new(), Vec::<String>::new(), None, false);
    for (id, upload) in found {
        let folder = common(&upload.info.key);
        let is_known = folder.is_some() && prefixes.last() == folder.as_ref();
        if !is_known && uploads.len() + prefixes.len() == limit {
            is_truncated = limit > 0;
            break;
        }
        last = Some((upload.info.key.clone(), id.clone()));
        match folder {
            Some(_) if is_known => {}
            Some(folder) => prefixes.push(folder),
            None => uploads.push(MultipartUpload {
                key: Some(text(&upload.info.key)),
                upload_id: Some(id.clone()),
                initiated: Some(timestamp(upload.info.initiated)),
                initiator: Some(Initiator { id: owner().id, display_name: owner().display_name }),
                owner: Some(owner()),
                storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
                checksum_algorithm: upload
                    .info
                    .checksums
                    .map(|(algorithm, _)| algorithm.name().to_owned().into()),
                checksum_type: upload.info.checksums.map(|(_, coverage)| checksum::kind(coverage)),
            }),
        }
    }
    let next = last.filter(|_| is_truncated);
    let prefixes = prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(text(prefix)) }).collect();
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket.clone()),
        common_prefixes: Some(prefixes),
        delimiter: delimiter.map(text),
        is_truncated: Some(is_truncated),
        key_marker: Some(text(marker.0)),
        max_uploads: Some(count(limit)),
        next_key_marker: next.as_ref().map(|(key, _)| text(key)),
        next_upload_id_marker: next.map(|(_, id)| id),
        prefix: Some(text(prefix)),
        upload_id_marker: Some(marker.1.unwrap_or_default().to_owned()),
        uploads: Some(uploads),
        encoding_type: input.encoding_type,
        request_charged: None,
    }))
}
