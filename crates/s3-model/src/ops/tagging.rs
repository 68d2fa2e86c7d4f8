//! Tags of objects and buckets.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::{Model, bucket, object, settings};
use crate::rules;
use crate::store::Change;

type Tags = Vec<(String, String)>;

/// The tags of an `x-amz-tagging` header.
///
/// # Errors
/// When S3 would refuse them.
pub fn of_header(header: Option<&str>) -> S3Result<Tags> {
    let Some(header) = header else { return Ok(Tags::new()) };
    let tags = form_urlencoded::parse(header.as_bytes()).into_owned().collect();
    checked(tags, rules::MAX_TAGS)
}

fn of_set(set: TagSet, limit: usize) -> S3Result<Tags> {
    checked(
        set.into_iter().map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect(),
        limit,
    )
}

fn shown(tags: &Tags) -> TagSet {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

/// Limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.
fn checked(tags: Tags, limit: usize) -> S3Result<Tags> {
    if tags.len() > limit {
        return Err(rules::bad_request("BadRequest", format!("Object tags cannot be greater than {limit}")));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(s3_error!(InvalidTag, "The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(s3_error!(InvalidTag, "The TagValue you have provided is invalid"));
        }
        if tags[..index].iter().any(|(earlier, _)| earlier == key) {
            return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key"));
        }
    }
    Ok(tags)
}

pub fn get_object_tagging(
    model: &Model,
    request: S3Request<GetObjectTaggingInput>,
) -> S3Result<S3Response<GetObjectTaggingOutput>> {
    let object = model.object(&request.input.bucket, &request.input.key)?;
    Ok(S3Response::new(GetObjectTaggingOutput { tag_set: shown(&object.info.tags), version_id: None }))
}

pub fn put_object_tagging(
    model: &Model,
    request: S3Request<PutObjectTaggingInput>,
) -> S3Result<S3Response<PutObjectTaggingOutput>> {
    let PutObjectTaggingInput { bucket, key, tagging, .. } = request.input;
    set(model, bucket, key, of_set(tagging.tag_set, rules::MAX_TAGS)?)?;
    Ok(S3Response::new(PutObjectTaggingOutput::default()))
}

pub fn delete_object_tagging(
    model: &Model,
    request: S3Request<DeleteObjectTaggingInput>,
) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
    set(model, request.input.bucket, request.input.key, Tags::new())?;
    Ok(S3Response::new(DeleteObjectTaggingOutput::default()))
}

fn set(model: &Model, bucket: String, key: String, tags: Tags) -> S3Result<()> {
    model.change(None, |state| {
        object(state, &bucket, &key)?;
        Ok((Change::SetTags { bucket, key, tags }, ()))
    })
}

pub fn get_bucket_tagging(
    model: &Model,
    request: S3Request<GetBucketTaggingInput>,
) -> S3Result<S3Response<GetBucketTaggingOutput>> {
    let missing = || s3_error!(NoSuchTagSet, "The TagSet does not exist");
    let tags: Tags = settings::get(model, &request.input.bucket, "tagging")?.ok_or_else(missing)?;
    Ok(S3Response::new(GetBucketTaggingOutput { tag_set: shown(&tags) }))
}

pub fn put_bucket_tagging(
    model: &Model,
    request: S3Request<PutBucketTaggingInput>,
) -> S3Result<S3Response<PutBucketTaggingOutput>> {
    let tags = of_set(request.input.tagging.tag_set, rules::MAX_BUCKET_TAGS)?;
    settings::put(model, request.input.bucket, "tagging", &tags)?;
    Ok(S3Response::new(PutBucketTaggingOutput::default()))
}

pub fn delete_bucket_tagging(
    model: &Model,
    request: S3Request<DeleteBucketTaggingInput>,
) -> S3Result<S3Response<DeleteBucketTaggingOutput>> {
    bucket(&model.store.state(), &request.input.bucket)?;
    settings::delete(model, request.input.bucket, "tagging")?;
    Ok(S3Response::new(DeleteBucketTaggingOutput::default()))
}
