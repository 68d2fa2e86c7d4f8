//! Deleting objects by the thousand.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::{StreamExt, TryStreamExt, stream};

use super::is_xml_text;
use crate::Failure;

/// What one `DeleteObjects` request takes at most.
const BATCH: usize = 1000;
/// Requests under way at once.
const CONCURRENCY: usize = 4;
/// As above, of requests that delete one object.
const SINGLES: usize = 16;

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
    let count = keys.len() as u64;
    let (named, unnamed): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| is_xml_text(key));
    let batches = named.chunks(BATCH).map(<[String]>::to_vec).collect::<Vec<_>>();
    let batch = |batch| delete_batch(client, bucket, batch);
    stream::iter(batches).map(Ok).try_for_each_concurrent(CONCURRENCY, batch).await?;
    // The XML of a batch cannot name them.
    let single = |key| delete_object(client, bucket, key);
    stream::iter(unnamed).map(Ok).try_for_each_concurrent(SINGLES, single).await?;
    Ok(count)
}

async fn delete_object(client: &Client, bucket: &str, key: String) -> Result<(), Failure> {
    let deleted = client.delete_object().bucket(bucket).key(&key).send().await;
    let what = || format!("delete {key:?} from bucket '{bucket}'");
    deleted.map(drop).map_err(|error| Failure::aws(what(), &error))
}

async fn delete_batch(client: &Client, bucket: &str, keys: Vec<String>) -> Result<(), Failure> {
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
    Ok(())
}
