//! Deleting objects by the thousand.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::{StreamExt, TryStreamExt, stream};

use crate::Failure;

/// What one `DeleteObjects` request takes at most.
const BATCH: usize = 1000;
/// Requests under way at once.
const CONCURRENCY: usize = 4;

/// An object that S3 refused to delete.
#[derive(Debug, thiserror::Error)]
#[error("cannot delete '{key}' from bucket '{bucket}': {code}: {message}")]
pub struct DeleteError {
    bucket: String,
    key: String,
    code: String,
    message: String,
}

/// Deletes the objects with these keys, and returns how many; an object that is not there counts as deleted.
///
/// # Errors
/// [`DeleteError`] for an object that S3 refuses to delete, or S3's errors once the retries are used up.
pub async fn delete_objects(client: &Client, bucket: &str, keys: Vec<String>) -> Result<u64, Failure> {
    stream::iter(keys.chunks(BATCH).map(<[String]>::to_vec).collect::<Vec<_>>())
        .map(|batch| delete_batch(client, bucket, batch))
        .buffer_unordered(CONCURRENCY)
        .try_fold(0, async |sum, deleted| Ok(sum + deleted))
        .await
}

async fn delete_batch(client: &Client, bucket: &str, keys: Vec<String>) -> Result<u64, Failure> {
    let count = keys.len() as u64;
    let mut batch = Delete::builder().quiet(true);
    for key in keys {
        batch = batch.objects(ObjectIdentifier::builder().key(key).build()?);
    }
    let response = client.delete_objects().bucket(bucket).delete(batch.build()?).send().await;
    let response = response
        .map_err(|error| Failure::aws(format_args!("delete objects of bucket '{bucket}'"), &error))?;
    if let Some(error) = response.errors().first() {
        return Err(DeleteError {
            bucket: bucket.to_owned(),
            key: error.key().unwrap_or_default().to_owned(),
            code: error.code().unwrap_or_default().to_owned(),
            message: error.message().unwrap_or_default().to_owned(),
        }
        .into());
    }
    Ok(count)
}
