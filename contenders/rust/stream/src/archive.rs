//! Writes objects as stored entries of one ZIP archive, while the next ones are fetched.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use async_zip::base::write::ZipFileWriter;
use async_zip::error::ZipError;
use async_zip::{Compression, ZipDateTimeBuilder, ZipEntryBuilder};
use bytes::Bytes;
use futures::io::{AsyncWrite, AsyncWriteExt};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use lambda_kit::Object;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::fetch::{Download, FetchError, Source};
use crate::plan::Plan;

/// Larger objects are passed on as they arrive, smaller ones are fetched ahead as a whole.
const MAX_WHOLE_BYTES: usize = 16 << 20;
/// Objects fetched ahead at once.
const LOOK_AHEAD: usize = 8;
/// Bytes fetched ahead at once.
const LOOK_AHEAD_BYTES: usize = 32 << 20;
/// Room is counted in KiB.
const KIB_SHIFT: usize = 10;
/// `-rw-r--r--`
const PERMISSIONS: u16 = 0o644;

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// An object cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The archive cannot be written.
    #[error("cannot write the archive: {0}")]
    Write(io::Error),
    /// The archive's format does not allow it.
    #[error("cannot write the archive: {0}")]
    Format(ZipError),
    /// A task ended before its work was done.
    #[error("cannot fetch an object: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl From<ZipError> for ArchiveError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::UpstreamReadError(error) => Self::Write(error),
            error => Self::Format(error),
        }
    }
}

/// An entry's content.
enum Content {
    /// All of it, and the room it takes.
    Whole(Vec<u8>, OwnedSemaphorePermit),
    /// To be read piece by piece.
    Pieces(Pieces),
}

type Pieces = BoxStream<'static, Result<Bytes, FetchError>>;

/// An entry's content in the making.
enum Fetching {
    Whole(AbortOnDropHandle<Result<Content, FetchError>>),
    Pieces(Pieces),
}

/// Writes the archive that `plan` describes, and closes `writer`.
///
/// # Errors
/// [`ArchiveError`]; what was written until then is no archive.
pub async fn write<W: AsyncWrite + Unpin>(
    source: &Source,
    plan: &Plan,
    writer: W,
) -> Result<W, ArchiveError> {
    write_entries(entries(source, plan), plan.zip64, writer).await
}

async fn write_entries<W: AsyncWrite + Unpin>(
    entries: impl Stream<Item = Result<(Object, Content), ArchiveError>>,
    zip64: bool,
    writer: W,
) -> Result<W, ArchiveError> {
    let mut zip = ZipFileWriter::new(writer);
    if !zip64 {
        zip = zip.force_no_zip64();
    }
    let mut entries = pin!(entries);
    while let Some((object, content)) = entries.try_next().await? {
        write_entry(&mut zip, object.base_name(), content).await?;
    }
    let mut writer = zip.close().await?;
    writer.close().await.map_err(ArchiveError::Write)?;
    Ok(writer)
}

/// The plan's objects in order, the next ones in the making.
fn entries(source: &Source, plan: &Plan) -> impl Stream<Item = Result<(Object, Content), ArchiveError>> {
    let room = Arc::new(Semaphore::new(LOOK_AHEAD_BYTES >> KIB_SHIFT));
    let source = source.clone();
    stream::iter(plan.objects.clone())
        .then(move |object| fetch(source.clone(), object, Arc::clone(&room)))
        .map(async |(object, fetching)| {
            let content = match fetching {
                Fetching::Whole(task) => task.await??,
                Fetching::Pieces(pieces) => Content::Pieces(pieces),
            };
            Ok((object, content))
        })
        .buffered(LOOK_AHEAD)
}

/// Starts to fetch an object, once there is room for it. Room is given in the order of the entries, so that
/// the one which is written next never waits for a later one.
async fn fetch(source: Source, object: Object, room: Arc<Semaphore>) -> (Object, Fetching) {
    let download = Download::new(source, object.clone());
    let size = usize::try_from(object.size).unwrap_or(usize::MAX);
    if size > MAX_WHOLE_BYTES {
        return (object, Fetching::Pieces(download.pieces()));
    }
    let kib = u32::try_from((size >> KIB_SHIFT) + 1).unwrap_or(u32::MAX);
    let permit = room.acquire_many_owned(kib).await.expect("nobody closes the semaphore");
    let whole = async { Ok(Content::Whole(download.whole().await?, permit)) };
    (object, Fetching::Whole(AbortOnDropHandle::new(tokio::spawn(whole))))
}

/// Small entries have their size and CRC in front; those of large ones follow in a data descriptor.
async fn write_entry<W: AsyncWrite + Unpin>(
    zip: &mut ZipFileWriter<W>,
    name: &str,
    content: Content,
) -> Result<(), ArchiveError> {
    let epoch = ZipDateTimeBuilder::new().year(1980).month(1).day(1).build();
    let entry = ZipEntryBuilder::new(name.into(), Compression::Stored)
        .last_modification_date(epoch)
        .unix_permissions(PERMISSIONS);
    match content {
        Content::Whole(bytes, _room) => zip.write_entry_whole(entry, &bytes).await?,
        Content::Pieces(mut pieces) => {
            let mut entry = zip.write_entry_stream(entry).await?;
            while let Some(piece) = pieces.try_next().await? {
                entry.write_all(&piece).await.map_err(ArchiveError::Write)?;
            }
            entry.close().await?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
