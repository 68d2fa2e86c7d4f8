//! Archive contender: the program that most users would write. The AWS SDK makes every request, `async_zip` the archive; ten
//! downloads run ahead of the archive, and ten uploads of its parts behind it.

mod buffer;
mod download;
mod error;
mod upload;

use std::process::ExitCode;
use std::sync::Arc;

use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use aws_sdk_s3::Client;
use bytes::Bytes;
use futures::AsyncWriteExt;
use futures::stream::{self, Stream, StreamExt};
use lambda_kit::{Deadline, Failure, Object, aws, list_objects, remaining, run};
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;
use zip_planner::Entry;

use buffer::Buffer;
use download::{download, is_one_piece, pieces};
use error::ArchiveError;
use upload::Upload;

/// Downloads under way, and uploads.
const CONCURRENCY: usize = 10;

/// The contest's event.
#[derive(Debug, Clone, Deserialize)]
struct Request {
    bucket_name: String,
    files_prefix: String,
    archive_key: String,
}

/// What was made.
#[derive(Debug, Serialize)]
struct Archived {
    entries: usize,
    parts: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(async { Ok(aws::s3(&aws::config().await)) }, handle).await
}

/// Makes the archive, or leaves nothing: what an upload has stored is paid for until it is aborted.
async fn handle(s3: Arc<Client>, event: LambdaEvent<Request>) -> Result<Archived, Failure> {
    let (request, deadline) = (event.payload, Deadline::after(remaining(&event.context)));
    let objects = files(&s3, &request).await?;
    let mut upload = Upload::start(&s3, &request.bucket_name, &request.archive_key, &objects).await?;
    let made =
        timeout_at(deadline.work().into(), write(&s3, &request.bucket_name, &objects, &mut upload)).await;
    match made.unwrap_or_else(|_| Err(ArchiveError::OutOfTime(deadline.elapsed()).into())) {
        Ok(parts) => Ok(Archived { entries: objects.len(), parts }),
        Err(failure) => {
            upload.abort().await;
            Err(failure)
        }
    }
}

/// The objects to be archived: those below the prefix that do not only stand for a folder.
async fn files(s3: &Client, request: &Request) -> Result<Vec<Object>, Failure> {
    let prefix = request.files_prefix.trim_end_matches('/');
    if prefix.is_empty() {
        return Err(ArchiveError::NoPrefix.into());
    }
    let mut objects = list_objects(s3, &request.bucket_name, &format!("{prefix}/")).await?;
    objects.retain(|object| !object.is_folder_marker());
    let entry = |object: &Object| Entry {
        key: object.key.clone(),
        name: object.base_name().to_owned(),
        size: object.size,
    };
    zip_planner::check(&objects.iter().map(entry).collect::<Vec<_>>())?;
    // An entry of more has a wrong data descriptor: https://github.com/Majored/rs-async-zip/issues/186.
    match objects.iter().find(|object| object.size > u32::MAX.into()) {
        Some(large) => Err(ArchiveError::TooLarge(large.key.clone()).into()),
        None => Ok(objects),
    }
}

/// Writes all entries into the archive, and sends what there is of it meanwhile; of how many parts it is.
async fn write(s3: &Client, bucket: &str, objects: &[Object], upload: &mut Upload) -> Result<usize, Failure> {
    let archive = Buffer::default();
    let mut zip = ZipFileWriter::new(archive.clone());
    let downloads = objects.iter().flat_map(pieces).map(|piece| download(s3, bucket, piece));
    let mut downloads = stream::iter(downloads).buffered(CONCURRENCY);
    for object in objects {
        let entry = ZipEntryBuilder::new(object.base_name().into(), Compression::Stored);
        if is_one_piece(object) {
            // The size and the CRC stand in front of the content, where every reader understands them.
            zip.write_entry_whole(entry, &next(&mut downloads).await?).await?;
            upload.send_full_parts(&archive).await?;
            continue;
        }
        let mut entry = zip.write_entry_stream(entry).await?;
        for _ in pieces(object) {
            entry.write_all(&next(&mut downloads).await?).await?;
            upload.send_full_parts(&archive).await?;
        }
        entry.close().await?;
    }
    zip.close().await?;
    upload.send_rest(&archive).await?;
    upload.complete().await
}

/// The next piece, in the order of the archive.
async fn next(
    downloads: &mut (impl Stream<Item = Result<Bytes, Failure>> + Unpin),
) -> Result<Bytes, Failure> {
    downloads.next().await.expect("as many downloads as pieces")
}
