//! Bodies on their way between the network and the disk, a piece at a time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use s3s::dto::StreamingBlob;
use s3s::stream::{ByteStream, RemainingLength};
use s3s::{S3Error, S3Result, StdError, s3_error};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Model, checksum};
use crate::checksums::{Algorithm, Digests};
use crate::rules;
use crate::store::{Reader, Rope, Writer, WrittenBody};

/// Bytes of one read from or write to the disk.
const PIECE: usize = 256 << 10;

/// Bytes that may wait for the disk, of all uploads together: at a link's 75 MB/s what comes in most of a second.
const AHEAD: u32 = 64 << 20;

/// Up to this, in bytes, a piece costs less than handing it to another thread.
const AT_ONCE: usize = 64 << 10;

/// What a request says about its body.
pub struct Length<'a> {
    /// `Content-Length` without the encoding of the request.
    pub announced: Option<i64>,
    /// `Content-MD5`.
    pub md5: Option<&'a str>,
}

/// A body on the disk.
pub struct Received {
    /// Its bytes.
    pub rope: Rope,
    /// What was computed of it.
    pub digests: Digests,
    /// Its MD5 in hexadecimal digits.
    pub etag: String,
}

/// Takes a body to the disk, with a checksum of `also` beside its MD5 and CRCs.
///
/// # Errors
/// When it is too long, ends too early, is not what its MD5 says, or cannot be written.
pub async fn receive(
    model: &Model,
    body: Option<StreamingBlob>,
    length: &Length<'_>,
    also: Option<Algorithm>,
) -> S3Result<Received> {
    let announced = length.announced.and_then(|length| u64::try_from(length).ok());
    if announced.is_some_and(|length| length > rules::MAX_BODY) {
        return Err(rules::entity_too_large());
    }
    let md5 = checksum::content_md5(length.md5)?;
    let mut writer = Box::new(model.store.writer(also));
    if let Some(mut body) = body {
        writer = take(writer, &mut body, &model.ahead).await?;
    }
    let WrittenBody { rope, md5: computed, digests } =
        writer.finish().map_err(|error| rules::internal(&error))?;
    if announced.is_some_and(|announced| announced != digests.len) {
        return Err(rules::incomplete_body());
    }
    if digests.len > rules::MAX_BODY {
        return Err(rules::entity_too_large());
    }
    if md5.is_some_and(|md5| md5 != computed) {
        return Err(rules::bad_digest("Content-MD5"));
    }
    Ok(Received { rope, etag: hex(&computed), digests })
}

/// Hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

/// How far all uploads together may be ahead of the disk.
///
/// A disk that is busy with what was written before stands still for some tenths of a second now and then. Meanwhile the
/// bytes have to come on: on S3 no client waits for this machine's disk.
pub struct Ahead(Arc<Semaphore>);

impl Default for Ahead {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AHEAD as usize)))
    }
}

/// A piece of a body, with its place among the bytes that wait for the disk.
type Waiting = (Vec<Bytes>, OwnedSemaphorePermit);

/// Has a body written, large ones while more of it comes.
async fn take(mut writer: Box<Writer>, body: &mut StreamingBlob, ahead: &Ahead) -> S3Result<Box<Writer>> {
    let mut next = next_piece(body).await?;
    if len(&next) <= AT_ONCE {
        write(&mut writer, next).map_err(|error| rules::internal(&error))?;
        return Ok(writer);
    }
    let (queue, pieces) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write_all(writer, pieces));
    while !next.is_empty() {
        // A piece that is larger than all that may wait gets it all.
        let bytes = u32::try_from(len(&next)).map_or(AHEAD, |bytes| bytes.min(AHEAD));
        let place = Arc::clone(&ahead.0).acquire_many_owned(bytes).await;
        let place = place.map_err(|error| rules::internal(&io::Error::other(error)))?;
        if queue.send((next, place)).is_err() {
            // It has failed, and says how.
            break;
        }
        next = next_piece(body).await?;
    }
    drop(queue);
    writing.await.map_err(io::Error::other).flatten().map_err(|error| rules::internal(&error))
}

/// Writes pieces, on threads that may block, until no more come.
async fn write_all(
    mut writer: Box<Writer>,
    mut pieces: UnboundedReceiver<Waiting>,
) -> io::Result<Box<Writer>> {
    while let Some((piece, place)) = pieces.recv().await {
        let written = spawn_blocking(move || {
            write(&mut writer, piece)?;
            drop(place);
            Ok::<_, io::Error>(writer)
        });
        writer = written.await.map_err(io::Error::other)??;
    }
    Ok(writer)
}

fn len(piece: &[Bytes]) -> usize {
    piece.iter().map(Bytes::len).sum()
}

fn write(writer: &mut Writer, piece: Vec<Bytes>) -> io::Result<()> {
    piece.into_iter().try_for_each(|bytes| writer.write(bytes))
}

/// What comes until it is worth a write; nothing at the end.
async fn next_piece(body: &mut StreamingBlob) -> S3Result<Vec<Bytes>> {
    let (mut piece, mut len) = (Vec::new(), 0);
    while len < PIECE {
        let Some(bytes) = body.next().await else { break };
        let bytes = bytes.map_err(|error| read_error(&*error))?;
        len += bytes.len();
        piece.push(bytes);
    }
    Ok(piece)
}

/// The error for a body that cannot be read to its end. s3s' own errors can only be told apart by their text.
fn read_error(error: &(dyn std::error::Error + Send + Sync)) -> S3Error {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return rules::bad_request("XAmzContentSHA256Mismatch", message);
    }
    if text.contains("SignatureMismatch") {
        return s3_error!(
            SignatureDoesNotMatch,
            "The request signature we calculated does not match the signature you provided. Check your key and signing \
             method."
        );
    }
    if text.contains("FormatError") {
        return s3_error!(InvalidRequest, "The body's chunks are not well-formed: {text}");
    }
    rules::incomplete_body()
}

/// The bytes of a rope as a body.
#[must_use]
pub fn send(rope: Rope) -> StreamingBlob {
    let left = rope.len();
    StreamingBlob::new(Pieces { reader: Source::Here(Some(Reader::new(rope))), left })
}

/// Reads pieces: those in the operating system's cache at once, which takes less than handing them to another thread; other
/// large ones on a thread that may block, where the next one is read while one is sent.
struct Pieces {
    reader: Source,
    /// Bytes that are not sent yet.
    left: u64,
}

enum Source {
    Here(Option<Reader>),
    There(JoinHandle<(Reader, io::Result<Bytes>)>),
}

impl Stream for Pieces {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let (reader, piece, at_once) = match &mut self.reader {
                Source::Here(reader) => {
                    let Some(reader) = reader.take().filter(|reader| reader.left() > 0) else {
                        return Poll::Ready(None);
                    };
                    match read_cached(reader)? {
                        (reader, Some(piece)) => (reader, piece, true),
                        (reader, None) if reader.left() > AT_ONCE as u64 => {
                            self.reader = Source::There(spawn_blocking(|| read(reader)));
                            continue;
                        }
                        (reader, None) => {
                            let (reader, piece) = read(reader);
                            (reader, piece?, true)
                        }
                    }
                }
                Source::There(task) => {
                    let (reader, piece) = ready!(Pin::new(task).poll(context))?;
                    let at_once = reader.left() <= AT_ONCE as u64;
                    (reader, piece?, at_once)
                }
            };
            self.left -= piece.len() as u64;
            self.reader = if at_once {
                Source::Here(Some(reader))
            } else {
                Source::There(spawn_blocking(|| read(reader)))
            };
            return Poll::Ready(Some(Ok(piece)));
        }
    }
}

fn read(mut reader: Reader) -> (Reader, io::Result<Bytes>) {
    let mut piece = vec![0; usize::try_from(reader.left()).unwrap_or(PIECE).min(PIECE)];
    let read = reader.read(&mut piece);
    (reader, read.map(|_| piece.into()))
}

/// A piece, if any of it is in the cache.
fn read_cached(mut reader: Reader) -> io::Result<(Reader, Option<Bytes>)> {
    let mut piece = vec![0; usize::try_from(reader.left()).unwrap_or(PIECE).min(PIECE)];
    let read = reader.read_cached(&mut piece)?;
    piece.truncate(read);
    Ok((reader, (read > 0).then(|| piece.into())))
}

impl ByteStream for Pieces {
    fn remaining_length(&self) -> RemainingLength {
        usize::try_from(self.left).map_or_else(|_| RemainingLength::unknown(), RemainingLength::new_exact)
    }
}
