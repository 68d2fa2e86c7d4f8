//! Removes what runs leave behind: archives, temporary objects and unfinished uploads.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadError;
use futures::future::LocalBoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use lambda_kit::{Failure, aws, delete_objects, env, list_objects, list_uploads};
use protocol::archive::{CleanupRequest, Removed};

/// Aborts under way at once.
const CONCURRENCY: usize = 16;

/// The bucket, and what of it may be removed.
#[derive(Debug, Clone)]
pub struct Cleanup {
    client: Client,
    bucket: String,
    writable: Writable,
}

/// The prefixes below which contenders may write.
#[derive(Debug, Clone)]
struct Writable([String; 2]);

/// A prefix outside what contenders may write.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot remove '{prefix}': a prefix must start with '{}' or '{}', so that no source object is lost", .writable[0], .writable[1]
)]
pub struct PrefixError {
    prefix: String,
    writable: [String; 2],
}

impl Cleanup {
    /// The bucket in `BUCKET`, and the prefixes in `ARCHIVE_PREFIX` and `SCRATCH_PREFIX`.
    ///
    /// # Errors
    /// If one of them is missing.
    #[must_use]
    pub fn from_env() -> LocalBoxFuture<'static, Result<Self, Failure>> {
        Box::pin(async move {
            let bucket = env::setting("BUCKET", "the bucket's name")?;
            let archives = env::setting("ARCHIVE_PREFIX", "where archives are, such as archives/")?;
            let scratch = env::setting("SCRATCH_PREFIX", "where temporary objects are, such as seg-temps/")?;
            let client = aws::s3(&aws::config().await);
            Ok(Self { client, bucket, writable: Writable([archives, scratch]) })
        })
    }

    /// Aborts the uploads and deletes the objects under a prefix.
    ///
    /// Uploads first, so that none of them becomes an object afterwards.
    ///
    /// # Errors
    /// [`PrefixError`], or S3's errors once the retries are used up.
    #[must_use]
    pub fn run<'a>(
        &'a self,
        CleanupRequest { prefix }: &'a CleanupRequest,
    ) -> LocalBoxFuture<'a, Result<Removed, Failure>> {
        Box::pin(async move {
            self.writable.check(prefix)?;
            let aborted = abort_uploads(&self.client, &self.bucket, prefix).await?;
            let objects = list_objects(&self.client, &self.bucket, prefix).await?;
            let keys = objects.into_iter().map(|object| object.key).collect();
            Ok(Removed { deleted: delete_objects(&self.client, &self.bucket, keys).await?, aborted })
        })
    }
}

impl Writable {
    fn check(&self, prefix: &str) -> Result<(), PrefixError> {
        let Self(writable) = self;
        if writable.iter().any(|start| prefix.starts_with(start)) {
            return Ok(());
        }
        Err(PrefixError { prefix: prefix.to_owned(), writable: writable.clone() })
    }
}

async fn abort_uploads(client: &Client, bucket: &str, prefix: &str) -> Result<u64, Failure> {
    let uploads = list_uploads(client, bucket, prefix).await?;
    stream::iter(uploads)
        .map(async |upload| {
            let request = client.abort_multipart_upload().bucket(bucket);
            let aborted = request.key(upload.key).upload_id(upload.id).send().await;
            match aborted {
                Err(error)
                    if !error
                        .as_service_error()
                        .is_some_and(AbortMultipartUploadError::is_no_such_upload) =>
                {
                    Err(Failure::aws(format_args!("abort an upload to s3://{bucket}/{prefix}"), &error))
                }
                _ => Ok(1),
            }
        })
        .buffer_unordered(CONCURRENCY)
        .try_fold(0, async |sum, aborted| Ok(sum + aborted))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_contenders_may_write_can_be_removed() {
        let writable = Writable(["archives/", "seg-temps/"].map(ToOwned::to_owned));
        for prefix in ["archives/", "archives/run-1/", "seg-temps/"] {
            assert_eq!(writable.check(prefix), Ok(()));
        }
        for prefix in ["", "files/", "archives", "x/archives/"] {
            let error = writable.check(prefix).unwrap_err().to_string();
            let start =
                format!("cannot remove '{prefix}': a prefix must start with 'archives/' or 'seg-temps/', ");
            assert!(error.starts_with(&start), "{error}");
        }
    }
}
