//! One invocation: list, read, send.
//!
//! What to change: this waits for S3 most of the time, since it asks for one thing after the other. Reading ahead, and sending
//! several parts at once, make it faster and so cheaper; larger parts need fewer requests. Objects of which S3 has no CRC are
//! read twice, since a ZIP has the CRC in front of the content.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use contender_kit::{Job, entries, explained};
use crc32fast::Hasher;
use lambda_kit::{Failure, Object};
use s3_client::{Error, Failed, Sent, Upload};
use serde::Serialize;
use zip_planner::{Layout, Limits};

/// What one request reads at most, bytes.
const PIECE_BYTES: u64 = 8 << 20;
/// A part of the upload, bytes: S3 takes no smaller ones than 5 MiB, but for the last.
const PART_BYTES: u64 = 16 << 20;
/// Parts an upload may have, with a margin: S3 takes 10,000.
const MOST_PARTS: u64 = 9_000;

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Archived {
    /// Entries in the archive.
    pub entries: usize,
    /// Parts it was sent in.
    pub parts: usize,
}

/// Makes the archive.
///
/// # Errors
/// If no archive can be made of the objects, if one of them changes meanwhile, or if S3 fails.
pub async fn archive(job: Arc<Job>) -> Result<Archived, Failure> {
    let objects = job.files().await?;
    let layout = Layout::new(entries(&objects), (0..objects.len()).collect(), &Limits::S3)?;
    let write = async |upload| write(&job, &layout, &objects, upload).await;
    let (upload, sent) = job.upload(false, write).await.map_err(explained)?;
    let parts = sent.len();
    upload.complete(sent, layout.size(), None).await.map_err(explained)?;
    // Later runs need not look for this upload any more.
    if let Err(failed) = job.s3.delete(&[job.run.mark(&upload)]).await {
        tracing::warn!(%failed, "a temporary object stays");
    }
    Ok(Archived { entries: objects.len(), parts })
}

/// Sends the archive: each object behind its header, and the directory.
async fn write(job: &Job, layout: &Layout, objects: &[Object], upload: Upload) -> Result<Vec<Sent>, Failed> {
    let part_bytes = PART_BYTES.max(layout.size().div_ceil(MOST_PARTS));
    let mut parts = Parts { upload, part_bytes, buffer: BytesMut::new(), sent: Vec::new() };
    let mut crcs = Vec::new();
    for (entry, object) in objects.iter().enumerate() {
        let crc = match job.s3.crc(&object.key, &object.etag).await? {
            Some(crc) => crc,
            None => read(job, object, async |_| Ok(())).await?,
        };
        parts.write(layout.header(entry, crc).into()).await?;
        let passed = read(job, object, async |piece| parts.write(piece).await).await?;
        if passed != crc {
            let error = Error::Broken("its bytes don't have the CRC32 that its header states".to_owned());
            return Err(Failed { doing: format!("archive '{}'", object.key), error });
        }
        crcs.push(crc);
    }
    parts.write(layout.end(&crcs).into()).await?;
    parts.end().await
}

/// Reads an object piece by piece; its CRC.
async fn read(
    job: &Job,
    object: &Object,
    mut take: impl AsyncFnMut(Bytes) -> Result<(), Failed>,
) -> Result<u32, Failed> {
    let mut crc = Hasher::new();
    let mut start = 0;
    while start < object.size {
        let end = object.size.min(start + PIECE_BYTES);
        let piece = job.s3.read(object, start..end).await?;
        crc.update(&piece);
        take(piece).await?;
        start = end;
    }
    Ok(crc.finalize())
}

/// The upload's parts: what is written leaves as soon as it fills one.
struct Parts {
    upload: Upload,
    part_bytes: u64,
    buffer: BytesMut,
    sent: Vec<Sent>,
}

impl Parts {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Failed> {
        self.buffer.extend_from_slice(&bytes);
        if self.buffer.len() as u64 >= self.part_bytes {
            self.send().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Failed> {
        let body = self.buffer.split().freeze();
        self.sent.push(self.upload.send(self.sent.len() + 1, vec![body]).await?);
        Ok(())
    }

    async fn end(mut self) -> Result<Vec<Sent>, Failed> {
        self.send().await?;
        Ok(self.sent)
    }
}
