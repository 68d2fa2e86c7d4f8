//! Fills a bucket with exactly the objects that count, size and seed stand for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use futures::future::LocalBoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use lambda_kit::{Failure, SourceObjects, delete_objects};
use protocol::fill_bucket::{Filled, Request};
use tokio::sync::Semaphore;

use crate::content::{self, Content};

/// Objects in the making at once.
const CONCURRENCY: usize = 16;
/// Bytes of content in memory at once, unless a single object is larger.
const BUFFER_BYTES: u64 = 96 << 20;
/// Below this, two random objects might be equal.
const MIN_MEAN_BYTES: u64 = 100;
/// The largest mean: 1.6 times it is what one request may put, and a function can hold.
const MAX_MEAN_BYTES: u64 = 1 << 30;

/// A request that cannot be met.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The mean size is out of range.
    #[error(
        "mean_bytes is {0}, but must be from {MIN_MEAN_BYTES} to {MAX_MEAN_BYTES}: set objectSizeMib accordingly"
    )]
    Mean(u64),
}

/// Adds what is missing and removes what does not belong; a second call changes nothing.
///
/// # Errors
/// [`FillError`], or S3's errors once the retries are used up; a repeated call goes on where this one
/// stopped.
#[must_use]
pub fn fill(source: &SourceObjects, request: Request) -> LocalBoxFuture<'_, Result<Filled, Failure>> {
    Box::pin(async move {
        if !(MIN_MEAN_BYTES..=MAX_MEAN_BYTES).contains(&request.mean_bytes) {
            return Err(FillError::Mean(request.mean_bytes).into());
        }
        let listed = source.list().await?;
        let present: HashMap<String, u64> =
            listed.into_iter().map(|object| (object.key, object.size)).collect();
        let present = Arc::new(present);

        let buffer = Arc::new(Semaphore::new(permits(BUFFER_BYTES)));
        let made: Vec<Made> = stream::iter(0..request.count)
            .map(|index| ensure(source, request, index, Arc::clone(&present), Arc::clone(&buffer)))
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;

        let wanted: HashSet<&String> = made.iter().map(|object| &object.key).collect();
        let surplus: Vec<String> = present.keys().filter(|key| !wanted.contains(key)).cloned().collect();
        let removed = delete_objects(&source.client, &source.bucket, surplus).await?;
        Ok(Filled {
            objects: request.count,
            bytes: made.iter().map(|object| object.size).sum(),
            added: made.iter().map(|object| u64::from(object.added)).sum(),
            removed,
        })
    })
}

struct Made {
    key: String,
    size: u64,
    added: bool,
}

/// Makes object `index`, and puts it unless it is there.
async fn ensure(
    source: &SourceObjects,
    request: Request,
    index: u64,
    present: Arc<HashMap<String, u64>>,
    buffer: Arc<Semaphore>,
) -> Result<Made, Failure> {
    let bytes = content::max_bytes(request.mean_bytes).min(BUFFER_BYTES);
    let _permits = buffer.acquire_many(u32::try_from(permits(bytes)).unwrap_or(u32::MAX)).await?;
    let generated =
        tokio::task::spawn_blocking(move || content::generate(request.seed, index, request.mean_bytes));
    let Content { name, bytes } = generated.await?;
    let (key, size) = (format!("{}/{name}", source.prefix), bytes.len() as u64);
    let added = present.get(&key) != Some(&size);
    if added {
        put(source, &key, bytes).await?;
    }
    Ok(Made { key, size, added })
}

async fn put(source: &SourceObjects, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    let request = source.client.put_object().bucket(&source.bucket).key(key);
    let sent =
        request.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from(bytes)).send().await;
    sent.map_err(|error| Failure::aws(format_args!("write s3://{}/{key}", source.bucket), &error))?;
    Ok(())
}

/// The semaphore counts KiB.
fn permits(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(1024)).unwrap_or(usize::MAX)
}
