//! S3's operations over the store, one concept a file.

#![allow(clippy::wildcard_imports, reason = "the types of s3s' operations, each file's own")]
#![expect(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "operations have one shape")]

mod attributes;
mod body;
mod buckets;
mod checksum;
mod complete;
mod conditions;
mod copy;
mod delete;
mod encryption;
mod headers;
mod listing;
mod part_copy;
mod parts;
mod put;
mod read;
mod settings;
mod tagging;
mod uploads;

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result};

use crate::rules;
use crate::store::{Bucket, Change, Object, Rope, State, Store, Upload};

pub use settings::POLICY;

/// The account that everything belongs to.
const OWNER: &str = "000000000000";

/// The operations' implementation, shared by all connections.
pub struct Model {
    store: Arc<Store>,
    ahead: body::Ahead,
}

impl Model {
    /// The operations over `store`.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, ahead: body::Ahead::default() }
    }

    /// [`Store::change`] with S3's errors.
    fn change<T>(
        &self,
        body: Option<Rope>,
        decide: impl FnOnce(&State) -> S3Result<(Change, T)>,
    ) -> S3Result<T> {
        self.store.change(body, decide).map_err(|error| rules::internal(&error))?
    }

    /// The object as it is now.
    fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        object(&self.store.state(), bucket, key).cloned()
    }
}

fn bucket<'a>(state: &'a State, name: &str) -> S3Result<&'a Bucket> {
    state.buckets.get(name).ok_or_else(rules::no_such_bucket)
}

fn object<'a>(state: &'a State, name: &str, key: &str) -> S3Result<&'a Arc<Object>> {
    bucket(state, name)?.objects.get(key).ok_or_else(rules::no_such_key)
}

/// An upload, if it is for that bucket and key.
fn upload<'a>(state: &'a State, name: &str, key: &str, id: &str) -> S3Result<&'a Upload> {
    bucket(state, name)?;
    let upload = state.uploads.get(id).filter(|upload| upload.info.bucket == name && upload.info.key == key);
    upload.ok_or_else(rules::no_such_upload)
}

fn owner() -> Owner {
    Owner { id: Some(OWNER.to_owned()), display_name: Some("lambench".to_owned()) }
}

fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}

fn timestamp(time: crate::store::Seconds) -> Timestamp {
    std::time::SystemTime::from(time).into()
}

/// A size in a field of S3's.
fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// A number of things in a field of S3's.
fn count(things: usize) -> i32 {
    i32::try_from(things).unwrap_or(i32::MAX)
}

/// The operations that the model has, each with its function: those that wait for bytes, and those that don't. s3s answers
/// all others with `NotImplemented`.
macro_rules! operations {
    (
        waiting { $($w_module:ident::$w_operation:ident($w_input:ty) -> $w_output:ty;)* }
        at_once { $($module:ident::$operation:ident($input:ty) -> $output:ty;)* }
    ) => {
        #[async_trait::async_trait]
        impl S3 for Model {
            $(async fn $w_operation(&self, request: S3Request<$w_input>) -> S3Result<S3Response<$w_output>> {
                $w_module::$w_operation(self, request).await
            })*
            $(async fn $operation(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                $module::$operation(self, request)
            })*
        }
    };
}

operations! {
    waiting {
        copy::copy_object(CopyObjectInput) -> CopyObjectOutput;
        part_copy::upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput;
        parts::upload_part(UploadPartInput) -> UploadPartOutput;
        put::put_object(PutObjectInput) -> PutObjectOutput;
    }
    at_once {
        attributes::get_object_attributes(GetObjectAttributesInput) -> GetObjectAttributesOutput;
        buckets::create_bucket(CreateBucketInput) -> CreateBucketOutput;
        buckets::delete_bucket(DeleteBucketInput) -> DeleteBucketOutput;
        buckets::get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
        buckets::head_bucket(HeadBucketInput) -> HeadBucketOutput;
        buckets::list_buckets(ListBucketsInput) -> ListBucketsOutput;
        complete::complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput;
        delete::delete_object(DeleteObjectInput) -> DeleteObjectOutput;
        delete::delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
        listing::list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput;
        listing::list_objects(ListObjectsInput) -> ListObjectsOutput;
        listing::list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
        parts::list_parts(ListPartsInput) -> ListPartsOutput;
        read::get_object(GetObjectInput) -> GetObjectOutput;
        read::head_object(HeadObjectInput) -> HeadObjectOutput;
        settings::delete_bucket_cors(DeleteBucketCorsInput) -> DeleteBucketCorsOutput;
        settings::delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput;
        settings::delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput;
        settings::delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput) -> DeleteBucketOwnershipControlsOutput;
        settings::delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput;
        settings::delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput;
        settings::get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput;
        settings::get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput;
        settings::get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput;
        settings::get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput)
            -> GetBucketLifecycleConfigurationOutput;
        settings::get_bucket_notification_configuration(GetBucketNotificationConfigurationInput)
            -> GetBucketNotificationConfigurationOutput;
        settings::get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput;
        settings::get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput;
        settings::get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput;
        settings::get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput;
        settings::get_object_acl(GetObjectAclInput) -> GetObjectAclOutput;
        settings::get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput;
        settings::put_bucket_cors(PutBucketCorsInput) -> PutBucketCorsOutput;
        settings::put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput;
        settings::put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationInput)
            -> PutBucketLifecycleConfigurationOutput;
        settings::put_bucket_notification_configuration(PutBucketNotificationConfigurationInput)
            -> PutBucketNotificationConfigurationOutput;
        settings::put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput;
        settings::put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput;
        settings::put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput;
        tagging::delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput;
        tagging::delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput;
        tagging::get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput;
        tagging::get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput;
        tagging::put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput;
        tagging::put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput;
        uploads::abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
        uploads::create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
        uploads::list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput;
    }
}
