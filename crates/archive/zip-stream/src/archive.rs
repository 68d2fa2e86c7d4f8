//! A whole archive, by one invocation: list, stream.

use std::sync::Arc;

use contender_kit::{Job, entries, explained};
use lambda_kit::{Failure, Object};
use s3_client::Failed;
use serde::Serialize;
use zip_planner::{Layout, Limits, PartSizes, cut};

use crate::transfer::Transfer;

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Archived {
    /// Entries in the archive.
    pub entries: usize,
    /// Size of the archive, bytes.
    pub archive_bytes: u64,
    /// Parts it was sent in.
    pub parts: usize,
}

/// Makes the archive, of parts of these sizes.
///
/// # Errors
/// If no archive can be made of the objects, if one of them changes meanwhile, or if S3 fails.
pub async fn archive(job: Arc<Job>, sizes: PartSizes) -> Result<Archived, Failure> {
    let objects = job.files().await?;
    let layout = Layout::in_order(entries(&objects), &Limits::S3)?;
    archive_objects(job, objects, layout, sizes).await
}

/// Makes the archive of objects that were listed and laid out, of parts of these sizes.
///
/// # Errors
/// If one of the objects changes meanwhile, or if S3 fails.
pub async fn archive_objects(
    job: Arc<Job>,
    objects: Vec<Object>,
    layout: Layout,
    sizes: PartSizes,
) -> Result<Archived, Failure> {
    let sizes = sizes.of(layout.size());
    let parts = cut(&layout, sizes);
    let archived = Archived { entries: objects.len(), archive_bytes: layout.size(), parts: parts.len() };
    let transfer = Arc::new(Transfer::new(job, layout, objects, parts, sizes.whole));
    write(&transfer, archived).await.map_err(explained)?;
    Ok(archived)
}

async fn write(transfer: &Arc<Transfer>, archived: Archived) -> Result<(), Failed> {
    if archived.parts == 1 {
        transfer.put().await?;
        transfer.close().await;
        return Ok(());
    }
    let job = &transfer.job;
    let (upload, sent) = job.upload(false, async |upload| transfer.send(&upload, 1).await).await?;
    let complete = job.complete(&upload, sent, archived.archive_bytes);
    let (complete, ()) = tokio::join!(complete, transfer.close());
    complete
}
