//! One object: asked for, streamed, hashed, measured, and asked for again if that may help.

use std::time::{Duration, Instant};

use lambda_kit::{Retry, now_us};
use protocol::s3_read::{FailureKind, HashAlgorithm};
use tokio::time::{timeout, timeout_at};

use crate::error::ReadError;
use crate::hash::Hashing;
use crate::message::Target;
use crate::object_client::{self, ObjectClient, Opened, STALL};

/// Attempts in one delivery, the first included: the pauses between them add up to 3.4 s on average.
const ATTEMPTS: u32 = 8;

/// What came of reading an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its size, bytes.
    pub bytes: u64,
    /// Its hash, lowercase hexadecimal digits.
    pub hash: String,
    /// When the first attempt started, µs since 1970.
    pub started_us: u64,
    /// When the last byte was hashed, µs since 1970.
    pub ended_us: u64,
    /// From the start of the first attempt to the first byte, ms: what failed before is part of it.
    pub first_byte_ms: f64,
    /// From the start of the first attempt to the end, ms.
    pub total_ms: f64,
    /// Attempts that it took.
    pub attempts: u32,
}

/// Reads an object until `end`.
///
/// # Errors
/// The last attempt's; the one's before it if time is up during the last: it says more than that.
pub async fn read(
    client: &ObjectClient,
    target: &Target,
    hashing: &Hashing,
    end: Instant,
) -> Result<Reading, ReadError> {
    let (started_us, start) = (now_us(), Instant::now());
    let mut retry = Retry::until(end).attempts(ATTEMPTS);
    let late =
        |_| object_client::timeout(&format!("the invocation's time was up before {} was read", target.key));
    loop {
        match timeout_at(end.into(), attempt(client, target, hashing)).await.map_err(late).flatten() {
            Ok(content) => {
                return Ok(Reading {
                    bytes: content.bytes,
                    hash: content.hash,
                    started_us,
                    ended_us: now_us(),
                    first_byte_ms: ms(content.first_byte - start),
                    total_ms: ms(start.elapsed()),
                    attempts: retry.number(),
                });
            }
            Err(error) if error.kind.is_permanent() => return Err(error),
            Err(error) => retry.pause(error).await?,
        }
    }
}

struct Content {
    bytes: u64,
    hash: String,
    first_byte: Instant,
}

async fn attempt(client: &ObjectClient, target: &Target, hashing: &Hashing) -> Result<Content, ReadError> {
    let Opened { length, md5, mut body } = client.open(target).await?;
    let (mut hasher, mut bytes, mut first_byte) = (hashing.start(), 0, None);
    let stalled = |_| object_client::timeout(&format!("no more of {} within {STALL:?}", target.key));
    while let Some(chunk) = timeout(STALL, body.next()).await.map_err(stalled)? {
        let chunk = chunk.map_err(|error| object_client::body_error(&target.key, &error))?;
        first_byte.get_or_insert_with(Instant::now);
        bytes += chunk.len() as u64;
        hasher.update(chunk).await;
    }
    let hash = hasher.finish();
    if let Some(length) = length
        && length != bytes
    {
        let text = format!("{bytes} bytes of {} arrived, but S3 announced {length}", target.key);
        return Err(ReadError::new(FailureKind::Truncated, text));
    }
    if hashing.algorithm() == HashAlgorithm::Md5
        && let Some(md5) = &md5
        && *md5 != hash
    {
        let text = format!("the MD5 of {} is {hash}, but S3's is {md5}", target.key);
        return Err(ReadError::new(FailureKind::Corrupt, text));
    }
    Ok(Content { bytes, hash, first_byte: first_byte.unwrap_or_else(Instant::now) })
}

/// In whole microseconds: digits beyond them mean nothing.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
