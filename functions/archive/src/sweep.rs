//! Removes what runs leave behind: archives, temporary objects and unfinished uploads.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadError;
use futures::{StreamExt, TryStreamExt, stream};
use lambda_kit::{Failure, delete_objects, list_objects};
use serde::{Deserialize, Serialize};

/// Where contenders may write, and so what may be swept.
const WRITABLE: [&str; 2] = ["archives/", "seg-temps/"];
/// Aborts under way at once.
const CONCURRENCY: usize = 16;

/// What to sweep.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// Start of the keys; it must itself start with `archives/` or `seg-temps/`.
    pub prefix: String,
}

/// What was swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Objects deleted.
    pub deleted: u64,
    /// Multipart uploads aborted.
    pub aborted: u64,
}

/// A prefix outside what contenders may write.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot sweep '{0}': a prefix must start with 'archives/' or 'seg-temps/', so that no source object is lost"
)]
pub struct PrefixError(String);

/// Aborts the uploads and deletes the objects under the prefix.
///
/// Uploads first, so that none of them becomes an object afterwards.
///
/// # Errors
/// [`PrefixError`], or S3's errors once the retries are used up.
pub async fn sweep(client: &Client, bucket: &str, request: &Request) -> Result<Swept, Failure> {
    check(&request.prefix)?;
    let aborted = abort_uploads(client, bucket, &request.prefix).await?;
    let objects = list_objects(client, bucket, &request.prefix).await?;
    let keys = objects.into_iter().map(|object| object.key).collect();
    Ok(Swept { deleted: delete_objects(client, bucket, keys).await?, aborted })
}

fn check(prefix: &str) -> Result<(), PrefixError> {
    let writable = WRITABLE.iter().any(|start| prefix.starts_with(start));
    writable.then_some(()).ok_or_else(|| PrefixError(prefix.to_owned()))
}

async fn abort_uploads(client: &Client, bucket: &str, prefix: &str) -> Result<u64, Failure> {
    let mut uploads = Vec::new();
    let (mut key_marker, mut id_marker) = (None, None);
    loop {
        let request = client.list_multipart_uploads().bucket(bucket).prefix(prefix);
        let page = request.set_key_marker(key_marker).set_upload_id_marker(id_marker).send().await;
        let page = page
            .map_err(|error| Failure::aws(format_args!("list uploads to s3://{bucket}/{prefix}"), &error))?;
        uploads.extend(page.uploads.unwrap_or_default());
        if !page.is_truncated.unwrap_or_default() {
            break;
        }
        (key_marker, id_marker) = (page.next_key_marker, page.next_upload_id_marker);
    }
    stream::iter(uploads)
        .map(async |upload| {
            let request = client.abort_multipart_upload().bucket(bucket);
            let aborted = request.set_key(upload.key).set_upload_id(upload.upload_id).send().await;
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
    fn only_what_contenders_may_write_can_be_swept() {
        for prefix in ["archives/", "archives/run-1/", "seg-temps/"] {
            assert_eq!(check(prefix), Ok(()));
        }
        for prefix in ["", "files/", "archives", "x/archives/"] {
            assert_eq!(check(prefix), Err(PrefixError(prefix.to_owned())));
        }
    }
}
