//! Buckets as such.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::{Model, bucket, owner, settings, timestamp};
use crate::store::{Change, Seconds};

/// The region of a bucket that was created without one.
const FIRST_REGION: &str = "us-east-1";

pub fn create_bucket(
    model: &Model,
    request: S3Request<CreateBucketInput>,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let input = request.input;
    let region =
        input.create_bucket_configuration.and_then(|configuration| configuration.location_constraint);
    let region = region.map(|region| region.as_str().to_owned()).filter(|region| region != FIRST_REGION);
    let location = Some(format!("/{}", input.bucket));
    let state = model.store.state();
    let known = state.buckets.get(&input.bucket).map(|bucket| bucket.region.clone());
    drop(state);
    // Only S3's first region takes it as the same request again.
    if known == Some(None) && region.is_none() {
        return Ok(S3Response::new(CreateBucketOutput { location }));
    }
    model.change(None, |state| {
        if state.buckets.contains_key(&input.bucket) {
            return Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it."
            ));
        }
        Ok((
            Change::CreateBucket {
                bucket: input.bucket,
                created: Seconds::now(),
                region,
                settings: settings::first()?,
            },
            (),
        ))
    })?;
    Ok(S3Response::new(CreateBucketOutput { location }))
}

pub fn delete_bucket(
    model: &Model,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    let name = request.input.bucket;
    model.change(None, |state| {
        if !bucket(state, &name)?.objects.is_empty() {
            return Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty"));
        }
        Ok((Change::DeleteBucket { bucket: name }, ()))
    })?;
    Ok(S3Response::new(DeleteBucketOutput::default()))
}

pub fn head_bucket(
    model: &Model,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    let state = model.store.state();
    let region = bucket(&state, &request.input.bucket)?.region.clone();
    let bucket_region = Some(region.unwrap_or_else(|| FIRST_REGION.to_owned()));
    Ok(S3Response::new(HeadBucketOutput { bucket_region, ..HeadBucketOutput::default() }))
}

pub fn get_bucket_location(
    model: &Model,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    let region = bucket(&model.store.state(), &request.input.bucket)?.region.clone();
    let location_constraint = region.map(BucketLocationConstraint::from);
    Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
}

pub fn list_buckets(
    model: &Model,
    request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let ListBucketsInput { bucket_region, continuation_token, max_buckets, prefix } = request.input;
    let limit = max_buckets.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
    let region =
        |bucket: &crate::store::Bucket| bucket.region.clone().unwrap_or_else(|| FIRST_REGION.to_owned());
    let state = model.store.state();
    let mut found = state.buckets.iter().filter(|(name, bucket)| {
        prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
            && continuation_token.as_ref().is_none_or(|token| *name > token)
            && bucket_region.as_ref().is_none_or(|wanted| *wanted == region(bucket))
    });
    let buckets: Vec<_> = found
        .by_ref()
        .take(limit)
        .map(|(name, bucket)| Bucket {
            name: Some(name.clone()),
            creation_date: Some(timestamp(bucket.created)),
            bucket_region: max_buckets.map(|_| region(bucket)),
        })
        .collect();
    let next = found.next().and_then(|_| buckets.last()?.name.clone());
    let owner = Some(owner());
    Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), continuation_token: next, owner, prefix }))
}
