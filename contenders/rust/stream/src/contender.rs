//! One invocation: list, stream; nothing is left behind if it fails.

use std::sync::Arc;
use std::time::Duration;

use contender_kit::{Job, Run, entries, explained, files};
use lambda_kit::Failure;
use s3_wire::{Failed, Upload};
use serde::Serialize;
use tokio::sync::SetOnce;
use tokio::time::timeout;
use zip_plan::{Layout, Limits};

use crate::parts::{MAX_WHOLE, cut, part_bytes};
use crate::transfer::Transfer;

/// The search for what earlier runs left goes on for so long after the archive is there.
const SEARCH: Duration = Duration::from_secs(2);

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Archived {
    /// Entries in the archive.
    pub entries: usize,
    /// Size of the archive, bytes.
    pub archive_bytes: u64,
    /// Parts it was sent in.
    pub parts: usize,
    /// Time it took, s.
    pub seconds: f64,
    /// Requests it took, attempts that S3 refused and the search for what earlier runs left included.
    pub requests: u64,
    /// Attempts that S3 refused or that broke.
    pub repeated_requests: u64,
}

/// Makes the archive.
///
/// # Errors
/// If no archive can be made of the objects, if one of them changes meanwhile, if S3 fails, or if the time runs out.
pub async fn archive(job: Job) -> Result<Archived, Failure> {
    let (sent, again) = job.s3.requests();
    let run = Run::new("stream", job.remaining);
    let earlier = tokio::spawn(run.clone().remove_earlier(job.s3.clone()));
    let done = stream(&job, &run).await?;
    // It has long ended if it found nothing.
    let _ = timeout(SEARCH, earlier).await;
    let requests = job.s3.requests();
    let archived = Archived {
        seconds: job.start.elapsed().as_secs_f64(),
        requests: requests.0 - sent,
        repeated_requests: requests.1 - again,
        ..done
    };
    tracing::info!(?archived, "done");
    Ok(archived)
}

async fn stream(job: &Job, run: &Run) -> Result<Archived, Failure> {
    let objects = files(&job.s3, &job.request.files_prefix).await.map_err(explained)?;
    let layout = Layout::new(entries(&objects), (0..objects.len()).collect(), &Limits::S3)?;
    let parts = cut(&layout, part_bytes(layout.size()), MAX_WHOLE);
    let archived = Archived {
        entries: objects.len(),
        archive_bytes: layout.size(),
        parts: parts.len(),
        seconds: 0.0,
        requests: 0,
        repeated_requests: 0,
    };
    let scratch = format!("{}checksums", run.prefix());
    let transfer = Arc::new(Transfer::new(&job.s3, layout, objects, parts, scratch));
    let upload = SetOnce::new();
    let work = write(job, run, &transfer, archived, &upload);
    let done = job.finish(work, &transfer.stop).await;
    if done.is_err() {
        run.remove(&job.s3, upload.get()).await;
    }
    done.map(|()| archived)
}

async fn write(
    job: &Job,
    run: &Run,
    transfer: &Arc<Transfer>,
    archived: Archived,
    begun: &SetOnce<Upload>,
) -> Result<(), Failed> {
    let (s3, key) = (job.s3.until(transfer.stop.clone()), &job.request.archive_key);
    if archived.parts == 1 {
        transfer.put(key).await?;
        transfer.close(&s3).await;
        return Ok(());
    }
    let upload = s3.create_upload(key, false).await?;
    let mark = run.mark(&upload);
    // It is begun once.
    let _ = begun.set(upload.clone());
    let (sent, ()) = tokio::try_join!(transfer.send(&upload), s3.put(&mark, Vec::new()))?;
    // All bytes are there: what they needed can go meanwhile.
    let complete = upload.complete(sent, archived.archive_bytes, None);
    let marks = [mark];
    let (complete, deleted, ()) = tokio::join!(complete, s3.delete(&marks), transfer.close(&s3));
    if let Err(failed) = deleted {
        tracing::warn!(%failed, "a temporary object stays");
    }
    complete
}
