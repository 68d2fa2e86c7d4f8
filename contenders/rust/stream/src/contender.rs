//! One invocation: list, archive, upload; nothing is left behind if it fails.

use std::time::Duration;

use aws_sdk_s3::Client;
use lambda_kit::{Failure, list_objects};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::archive;
use crate::fetch::Source;
use crate::plan::Plan;
use crate::sink::Sink;
use crate::upload::{Destination, Upload};

/// Kept to abort the upload before Lambda ends the function.
const RESERVE: Duration = Duration::from_secs(5);

/// The contest's event.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The bucket of the objects and of the archive.
    pub bucket_name: String,
    /// The objects' prefix, without the slash at its end.
    pub files_prefix: String,
    /// The archive's key.
    pub archive_key: String,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Archived {
    /// Entries in the archive.
    pub entries: usize,
    /// Size of the archive, bytes.
    pub archive_bytes: u64,
    /// Write requests it took: parts, or one put.
    pub parts: usize,
}

/// The time would not have sufficed.
#[derive(Debug, thiserror::Error)]
#[error("the archive was not finished in {} s, so its upload was aborted: raise the function's timeout or memory", .0.as_secs())]
pub struct OutOfTime(Duration);

/// Makes the archive within `remaining`.
///
/// # Errors
/// If an object cannot be read or changes meanwhile, if the archive cannot be written, or if the time runs
/// out.
pub async fn run(client: &Client, request: Request, remaining: Duration) -> Result<Archived, Failure> {
    let Request { bucket_name: bucket, files_prefix, archive_key: key } = request;
    let objects = list_objects(client, &bucket, &format!("{files_prefix}/")).await?;
    let plan = Plan::new(objects)?;
    let source = Source { client: client.clone(), bucket: bucket.clone() };
    let destination = Destination { client: client.clone(), bucket, key };
    if plan.single_part {
        return put(&source, &plan, &destination).await;
    }
    let upload = destination.start().await?;
    let limit = remaining.saturating_sub(RESERVE);
    let done = match timeout(limit, transfer(&source, &plan, &upload)).await {
        Ok(done) => done,
        Err(_) => Err(OutOfTime(limit).into()),
    };
    if done.is_err() {
        upload.abort().await;
    }
    done
}

async fn put(source: &Source, plan: &Plan, destination: &Destination) -> Result<Archived, Failure> {
    let archive = archive::write(source, plan, Vec::new()).await?;
    let archived = Archived { entries: plan.objects.len(), archive_bytes: archive.len() as u64, parts: 1 };
    destination.put(archive).await?;
    Ok(archived)
}

async fn transfer(source: &Source, plan: &Plan, upload: &Upload) -> Result<Archived, Failure> {
    let sink = archive::write(source, plan, Sink::new(upload.clone(), plan.part_bytes)).await?;
    let archive_bytes = sink.written();
    let parts = sink.into_parts();
    let archived = Archived { entries: plan.objects.len(), archive_bytes, parts: parts.len() };
    upload.complete(parts).await?;
    Ok(archived)
}
