//! The IAM actions that a request needs.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>

use std::borrow::Cow;

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use s3s::path::S3Path;

/// An action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The action, such as `s3:GetObject`.
    pub action: Cow<'static, str>,
    /// The resource's ARN.
    pub resource: String,
}

/// What an operation on a bucket or an object needs. That of `DeleteObjects` is up to its keys.
#[must_use]
pub fn of_request(operation: &str, path: &S3Path, headers: &HeaderMap) -> Vec<Access> {
    if operation == "DeleteObjects" {
        return Vec::new();
    }
    let resource = match path {
        S3Path::Root => "*".to_owned(),
        S3Path::Bucket { bucket } => arn(bucket, None),
        S3Path::Object { bucket, key } => arn(bucket, Some(key)),
    };
    let access = |action: Cow<'static, str>| Access { action, resource: resource.clone() };
    let mut needed = vec![access(action(operation))];
    match operation {
        "CopyObject" | "UploadPartCopy" => needed.extend(source(headers)),
        "GetObjectAttributes" => needed.push(access("s3:GetObject".into())),
        _ => {}
    }
    if headers.contains_key("x-amz-tagging") && action(operation) == "s3:PutObject" {
        needed.push(access("s3:PutObjectTagging".into()));
    }
    needed
}

/// The ARN of a bucket or an object.
#[must_use]
pub fn arn(bucket: &str, key: Option<&str>) -> String {
    key.map_or_else(|| format!("arn:aws:s3:::{bucket}"), |key| format!("arn:aws:s3:::{bucket}/{key}"))
}

fn source(headers: &HeaderMap) -> Option<Access> {
    let source = headers.get("x-amz-copy-source")?.to_str().ok()?;
    let path = percent_decode_str(source.split('?').next()?).decode_utf8_lossy();
    let (bucket, key) = path.trim_start_matches('/').split_once('/')?;
    Some(Access { action: "s3:GetObject".into(), resource: arn(bucket, Some(key)) })
}

/// The action of an operation, where it is not named after it.
fn action(operation: &str) -> Cow<'static, str> {
    let action = match operation {
        "HeadObject" => "s3:GetObject",
        "CopyObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "UploadPartCopy"
        | "CompleteMultipartUpload" => "s3:PutObject",
        "ListParts" => "s3:ListMultipartUploadParts",
        "ListMultipartUploads" => "s3:ListBucketMultipartUploads",
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => "s3:ListBucket",
        "ListObjectVersions" => "s3:ListBucketVersions",
        "ListBuckets" => "s3:ListAllMyBuckets",
        "GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "PutBucketEncryption" | "DeleteBucketEncryption" => "s3:PutEncryptionConfiguration",
        "GetBucketLifecycleConfiguration" => "s3:GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "s3:PutLifecycleConfiguration",
        "GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "s3:PutBucketPublicAccessBlock",
        "GetBucketCors" => "s3:GetBucketCORS",
        "PutBucketCors" | "DeleteBucketCors" => "s3:PutBucketCORS",
        "DeleteBucketOwnershipControls" => "s3:PutBucketOwnershipControls",
        "DeleteBucketTagging" => "s3:PutBucketTagging",
        "GetBucketNotificationConfiguration" => "s3:GetBucketNotification",
        "PutBucketNotificationConfiguration" => "s3:PutBucketNotification",
        other => return format!("s3:{other}").into(),
    };
    action.into()
}
