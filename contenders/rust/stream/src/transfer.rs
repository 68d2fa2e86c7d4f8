//! Streams objects into the parts of the archive.

use std::io;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use contender_kit::{Crcs, Room};
use crc32fast::Hasher;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt, TryStreamExt};
use lambda_kit::Object;
use s3_wire::{Body, Error, Failed, S3, Sent, Upload};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use zip_plan::{Layout, Piece};

use crate::checksum::Checksums;
use crate::parts::MAX_WHOLE;
use crate::reader::Reader;

/// Parts under way at once: while one waits for S3's answer, others use the bandwidth.
const PARTS: usize = 3;
/// Bytes of a part's objects that are asked for before they are sent, and how many objects that is at least and at most:
/// while one is sent, S3 finds the next.
const AHEAD_BYTES: u64 = 8 << 20;
const AHEAD: RangeInclusive<usize> = 2..=128;
/// Memory for objects whose CRC has to be computed before they are sent, bytes.
const ROOM: u64 = 2 * MAX_WHOLE;

type Pieces = BoxStream<'static, Result<Bytes, Failed>>;

/// An archive that is being streamed.
pub struct Transfer {
    s3: S3,
    layout: Layout,
    objects: Vec<Object>,
    parts: Vec<Vec<Piece>>,
    /// What headers say.
    crcs: Crcs,
    /// Those of the bytes that passed.
    passed: Crcs,
    checksums: Checksums,
    room: Room,
    /// Ends everything.
    pub stop: CancellationToken,
    /// What no further attempt can mend.
    fatal: Mutex<Option<Failed>>,
}

impl Transfer {
    /// Prepares to stream `objects`; `scratch` is a key for an upload that is never completed.
    pub fn new(
        s3: &S3,
        layout: Layout,
        objects: Vec<Object>,
        parts: Vec<Vec<Piece>>,
        scratch: String,
    ) -> Self {
        let stop = CancellationToken::new();
        let s3 = s3.until(stop.clone());
        let [crcs, passed] = [(); 2].map(|()| Crcs::new(objects.iter().map(|object| object.size)));
        let checksums = Checksums::new(s3.clone(), scratch);
        let (room, fatal) = (Room::new(ROOM), Mutex::default());
        Self { s3, layout, objects, parts, crcs, passed, checksums, room, stop, fatal }
    }

    /// Writes an archive of one part.
    ///
    /// # Errors
    /// S3's, or if the bytes aren't those that S3 has.
    pub async fn put(self: &Arc<Self>, key: &str) -> Result<(), Failed> {
        let put = self.s3.put_stream(key, || self.body(0)).await;
        self.finish(put).await
    }

    /// Sends all parts.
    ///
    /// # Errors
    /// S3's, or if the bytes aren't those that S3 has.
    pub async fn send(self: &Arc<Self>, upload: &Upload) -> Result<Vec<Sent>, Failed> {
        let one = |part| async move { upload.stream(part + 1, || self.body(part)).await };
        let sent = stream::iter(0..self.parts.len()).map(one).buffer_unordered(PARTS).try_collect().await;
        self.finish(sent).await
    }

    /// Removes what was needed on the way.
    pub async fn close(&self, s3: &S3) {
        self.checksums.close(s3).await;
    }

    /// Says what ended a transfer, and compares what passed with what headers say.
    async fn finish<T>(&self, sent: Result<T, Failed>) -> Result<T, Failed> {
        if let Some(fatal) = self.fatal.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(fatal);
        }
        let sent = sent?;
        for (entry, object) in self.objects.iter().enumerate() {
            if self.crcs.of(entry).await != self.passed.of(entry).await {
                let error = Error::Broken("its bytes don't have the CRC32 that S3 tells".to_owned());
                return Err(Failed { doing: format!("archive '{}'", object.key), error });
            }
        }
        Ok(sent)
    }

    fn body(self: &Arc<Self>, part: usize) -> Body {
        let size = self.layout.pieces_bytes(&self.parts[part]);
        let transfer = Arc::clone(self);
        let pieces = Arc::clone(self).pieces(part).map_err(move |failed| {
            let text = failed.to_string();
            transfer.give_up(failed);
            io::Error::other(text)
        });
        Body::stream(size, pieces)
    }

    /// Notes an error that no further attempt mends: the request whose body it ends would be sent again.
    fn give_up(&self, failed: Failed) {
        if failed.error == Error::Stopped {
            return;
        }
        self.fatal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failed);
        self.stop.cancel();
    }

    /// A part's bytes. The next pieces are begun while one is sent.
    fn pieces(self: Arc<Self>, part: usize) -> impl Stream<Item = Result<Bytes, Failed>> + Send + 'static {
        let pieces = &self.parts[part];
        let (places, ahead) = (stream::iter(0..pieces.len()), self.ahead(pieces));
        let begun = places.map(move |place| {
            let transfer = Arc::clone(&self);
            AbortOnDropHandle::new(tokio::spawn(async move { transfer.begin(part, place).await }))
        });
        let begun = begun.buffered(ahead).map(|begun| {
            begun.unwrap_or_else(|panic| {
                Err(Failed { doing: "go on".to_owned(), error: Error::Broken(panic.to_string()) })
            })
        });
        begun.try_flatten()
    }

    /// Pieces that are begun before they are sent.
    fn ahead(&self, pieces: &[Piece]) -> usize {
        let objects = (pieces.len() / 2).max(1) as u64;
        let wanted = AHEAD_BYTES * objects / self.layout.pieces_bytes(pieces).max(1);
        let objects = usize::try_from(wanted).unwrap_or(usize::MAX).clamp(*AHEAD.start(), *AHEAD.end());
        // Each has a header.
        2 * objects
    }

    async fn begin(self: Arc<Self>, part: usize, place: usize) -> Result<Pieces, Failed> {
        let bytes = match &self.parts[part][place] {
            Piece::Filler(size) => return Ok(stream::iter(s3_wire::chunks(*size)).map(Ok).boxed()),
            Piece::Body { entry, range } => {
                let (entry, range) = (*entry, range.clone());
                return self.object(entry, range).await;
            }
            Piece::Header(entry) => {
                self.ask_for_crc(*entry).await?;
                self.layout.header(*entry, self.unless_stopped(self.crcs.of(*entry)).await?)
            }
            Piece::End => self.layout.end(&self.unless_stopped(self.crcs.all()).await?),
        };
        Ok(stream::iter([Ok(bytes.into())]).boxed())
    }

    /// A small object tells its CRC when it is begun; for a large one S3 has to be asked.
    async fn ask_for_crc(&self, entry: usize) -> Result<(), Failed> {
        let object = &self.objects[entry];
        if object.size > MAX_WHOLE {
            for (range, crc) in self.checksums.of_large(object).await? {
                self.crcs.tell(entry, range, crc);
            }
        }
        Ok(())
    }

    async fn object(self: Arc<Self>, entry: usize, range: Range<u64>) -> Result<Pieces, Failed> {
        let object = self.objects[entry].clone();
        let is_small = object.size <= MAX_WHOLE;
        let (reader, headers) = Reader::open(self.s3.clone(), object, range.clone()).await?;
        let told = Checksums::told(&headers);
        if let (true, Some(crc)) = (is_small, told) {
            self.crcs.tell(entry, range.clone(), crc);
        }
        let pieces = Arc::clone(&self).counted(reader, entry, range.clone());
        if !is_small || told.is_some() {
            return Ok(pieces.boxed());
        }
        let room = self.unless_stopped(self.room.take(range.end)).await?;
        let pieces: Vec<_> = pieces.try_collect().await?;
        self.crcs.tell(entry, range, self.passed.of(entry).await);
        // The room is given back when the last piece is sent.
        Ok(stream::iter(pieces)
            .map(move |piece| {
                let _ = &room;
                Ok(piece)
            })
            .boxed())
    }

    /// The pieces of a range; at its end their CRC is told.
    fn counted(
        self: Arc<Self>,
        reader: Reader,
        entry: usize,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, Failed>> + Send + 'static {
        let mut crc = Hasher::new();
        let mut left = range.end - range.start;
        reader.pieces().inspect_ok(move |piece| {
            crc.update(piece);
            left -= piece.len() as u64;
            if left == 0 {
                self.passed.tell(entry, range.clone(), std::mem::take(&mut crc).finalize());
            }
        })
    }

    async fn unless_stopped<T>(&self, wanted: impl Future<Output = T>) -> Result<T, Failed> {
        tokio::select! {
            done = wanted => Ok(done),
            () = self.stop.cancelled() => {
                Err(Failed { doing: "go on".to_owned(), error: Error::Stopped })
            }
        }
    }
}
