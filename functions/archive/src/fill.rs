//! Fills the source bucket with exactly the objects that count, size and seed stand for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use futures::{StreamExt, TryStreamExt, stream};
use lambda_kit::{Failure, aws, env, list_objects};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::content::{self, Content};
use crate::delete::delete_objects;

/// Objects in the making at once.
const CONCURRENCY: usize = 16;
/// Bytes of content in memory at once, unless a single object is larger.
const BUFFER_BYTES: u64 = 96 << 20;
/// Below this, two random objects might be equal.
const MIN_MEAN_BYTES: u64 = 100;
/// The largest mean: 1.6 times it is what one request may put, and a function can hold.
const MAX_MEAN_BYTES: u64 = 1 << 30;

/// What the bucket is to hold.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Request {
    /// Number of objects.
    pub count: u64,
    /// Mean size, bytes.
    pub mean_bytes: u64,
    /// The same seed gives the same bucket.
    pub seed: u64,
}

/// What the bucket holds, and what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// Objects under the prefix now.
    pub objects: u64,
    /// Their sizes' sum, bytes.
    pub bytes: u64,
    /// Objects written.
    pub added: u64,
    /// Objects removed.
    pub removed: u64,
}

/// A request that cannot be met.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The mean size is out of range.
    #[error(
        "mean_bytes is {0}, but must be from {MIN_MEAN_BYTES} to {MAX_MEAN_BYTES}: set objectSizeMib accordingly"
    )]
    Mean(u64),
}

/// Where the objects are.
#[derive(Debug, Clone)]
pub struct Source {
    /// The S3 client.
    pub client: Client,
    /// The bucket.
    pub bucket: String,
    /// The objects' prefix, without the slash at its end.
    pub prefix: String,
}

impl Source {
    /// The bucket in `BUCKET` and the prefix in `PREFIX`.
    ///
    /// # Errors
    /// If one of them is missing.
    pub async fn from_env() -> Result<Self, Failure> {
        let bucket = env::setting("BUCKET", "the bucket's name")?;
        let prefix = env::setting("PREFIX", "the source objects' prefix, such as files")?;
        Ok(Self { client: aws::s3(&aws::config().await), bucket, prefix })
    }

    /// The prefix of the objects' keys: `files/`.
    #[must_use]
    pub fn key_prefix(&self) -> String {
        format!("{}/", self.prefix)
    }
}

/// Adds what is missing and removes what does not belong; a second call changes nothing.
///
/// # Errors
/// [`FillError`], or S3's errors once the retries are used up; a repeated call goes on where this one
/// stopped.
pub async fn fill(source: &Source, request: Request) -> Result<Filled, Failure> {
    if !(MIN_MEAN_BYTES..=MAX_MEAN_BYTES).contains(&request.mean_bytes) {
        return Err(FillError::Mean(request.mean_bytes).into());
    }
    let listed = list_objects(&source.client, &source.bucket, &source.key_prefix()).await?;
    let present: HashMap<String, u64> = listed.into_iter().map(|object| (object.key, object.size)).collect();
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
}

struct Made {
    key: String,
    size: u64,
    added: bool,
}

/// Makes object `index`, and puts it unless it is there.
async fn ensure(
    source: &Source,
    request: Request,
    index: u64,
    present: Arc<HashMap<String, u64>>,
    buffer: Arc<Semaphore>,
) -> Result<Made, Failure> {
    let bytes = content::max_bytes(request.mean_bytes).min(BUFFER_BYTES);
    let _room = buffer.acquire_many(u32::try_from(permits(bytes)).unwrap_or(u32::MAX)).await?;
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

async fn put(source: &Source, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
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
