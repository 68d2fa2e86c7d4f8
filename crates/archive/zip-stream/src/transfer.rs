//! Streams objects into the parts of the archive.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use contender_kit::{Crcs, Job, MemoryBudget};
use crc32fast::Hasher;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use lambda_kit::Object;
use s3_client::{Body, Error, Failed, Sent, Upload};
use zip_planner::{AT_ONCE, Layout, Piece};

use crate::checksum::Checksums;
use crate::part::{Part, Pieces, Turn};
use crate::reader::Reader;

/// Objects up to this size are read at once, bytes: those asked for ahead hold no connection while others are sent.
const SMALL: u64 = 256 << 10;
/// Archives up to this size are put together in memory, bytes: a PUT that fails needs no object again.
const SMALL_ARCHIVE: u64 = 8 << 20;
/// So many of the largest objects whose CRC has to be computed before they are sent are held in memory.
const HELD: u64 = 2;

/// Parts of an archive that are being streamed: all, or a share of them.
pub struct Transfer {
    pub(crate) job: Arc<Job>,
    /// Of the objects that the parts need.
    pub(crate) layout: Layout,
    /// What is sent in each part.
    pub(crate) parts: Vec<Vec<Piece>>,
    /// Parts that are being sent.
    pub(crate) under_way: AtomicU64,
    objects: Vec<Object>,
    /// Whether all of each object's content passes, not only a range of it.
    is_complete: Vec<bool>,
    /// Objects up to this size are not divided, bytes.
    max_whole: u64,
    /// What headers say.
    crcs: Crcs,
    /// Those of the bytes that passed.
    passed: Crcs,
    checksums: Checksums,
    memory_budget: MemoryBudget,
    reads_whole: AtomicBool,
    /// What no further attempt can mend.
    fatal: Mutex<Option<Failed>>,
}

/// What is known of the objects of a share when it has been sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The CRC that each object's header has, if its header is in the share.
    pub headers: Vec<Option<u32>>,
    /// Objects of which only ranges have passed, with the CRC of each range.
    pub ranges: Vec<(usize, Range<u64>, u32)>,
}

impl Transfer {
    /// Prepares to stream `parts` of `objects`; those up to `max_whole` bytes are not divided.
    #[must_use]
    pub fn new(
        job: Arc<Job>,
        layout: Layout,
        objects: Vec<Object>,
        parts: Vec<Vec<Piece>>,
        max_whole: u64,
    ) -> Self {
        let [crcs, passed] = [(); 2].map(|()| Crcs::new(objects.iter().map(|object| object.size)));
        let checksums = Checksums::new(job.s3.clone(), format!("{}checksums", job.run.prefix()));
        let (memory_budget, reads_whole, fatal) =
            (MemoryBudget::new(HELD * max_whole), AtomicBool::new(false), Mutex::default());
        let under_way = AtomicU64::new(0);
        let is_complete = complete(&objects, &parts);
        Self {
            job,
            layout,
            parts,
            under_way,
            objects,
            is_complete,
            max_whole,
            crcs,
            passed,
            checksums,
            memory_budget,
            reads_whole,
            fatal,
        }
    }

    /// Writes an archive of one part.
    ///
    /// # Errors
    /// S3's, or if the bytes aren't those that S3 has.
    pub async fn put(self: &Arc<Self>) -> Result<(), Failed> {
        let (s3, key) = (&self.job.s3, &self.job.request.archive_key);
        let put = if self.layout.size() <= SMALL_ARCHIVE {
            let pieces: Vec<Bytes> = Part::new(Arc::clone(self), 0).bytes().try_collect().await?;
            s3.put(key, vec![pieces.concat().into()]).await
        } else {
            s3.put_stream(key, || self.body(0)).await
        };
        self.finish(put).await
    }

    /// Sends all parts, whose numbers start at `first`.
    ///
    /// # Errors
    /// S3's, or if the bytes aren't those that S3 has.
    pub async fn send(self: &Arc<Self>, upload: &Upload, first: usize) -> Result<Vec<Sent>, Failed> {
        let one = |part| async move { upload.stream(first + part, || self.body(part)).await };
        let sent = stream::iter(0..self.parts.len()).map(one).buffer_unordered(AT_ONCE).try_collect().await;
        self.finish(sent).await
    }

    /// Removes what was needed on the way.
    pub async fn close(&self) {
        self.checksums.close().await;
    }

    /// What is known when all parts have been sent.
    #[must_use]
    pub fn known(&self) -> Known {
        let mut known = Known { headers: vec![None; self.objects.len()], ranges: Vec::new() };
        for piece in self.parts.iter().flatten() {
            if let Piece::Header(entry) = piece {
                known.headers[*entry] = self.crcs.so_far(*entry).pop().map(|(_, crc)| crc);
            }
        }
        for (entry, _) in self.is_complete.iter().enumerate().filter(|(_, is_complete)| !**is_complete) {
            let ranges = self.passed.so_far(entry).into_iter();
            known.ranges.extend(ranges.map(|(range, crc)| (entry, range, crc)));
        }
        known
    }

    /// Whether objects were met whose CRC S3 doesn't have.
    pub(crate) fn reads_whole(&self) -> bool {
        self.reads_whole.load(Ordering::Relaxed)
    }

    /// Says what ended a transfer, and compares what passed with what headers say.
    async fn finish<T>(&self, sent: Result<T, Failed>) -> Result<T, Failed> {
        if let Some(fatal) = self.fatal.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(fatal);
        }
        let sent = sent?;
        self.compare().await?;
        Ok(sent)
    }

    /// Compares what passed, or will, with what headers say.
    async fn compare(&self) -> Result<(), Failed> {
        for (entry, object) in self.objects.iter().enumerate().filter(|(entry, _)| self.is_complete[*entry]) {
            if self.crcs.of(entry).await != self.passed.of(entry).await {
                let error = Error::Broken("its bytes don't have the CRC32 that S3 reports".to_owned());
                return Err(Failed { doing: format!("archive '{}'", object.key), error });
            }
        }
        Ok(())
    }

    fn body(self: &Arc<Self>, part: usize) -> Body {
        let size = self.layout.pieces_bytes(&self.parts[part]);
        let transfer = Arc::clone(self);
        let bytes = Part::new(Arc::clone(self), part).bytes().map_err(move |failed| {
            let text = failed.to_string();
            transfer.give_up(failed);
            io::Error::other(text)
        });
        Body::stream(size, bytes)
    }

    /// Notes an error that no further attempt mends: the request whose body it ends would be sent again.
    pub(crate) fn give_up(&self, failed: Failed) {
        if failed.error == Error::Stopped {
            return;
        }
        self.fatal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failed);
        self.job.stop.cancel();
    }

    /// Whether a piece may have to be held in memory: a content, unless it is small.
    pub(crate) fn may_need_memory(&self, piece: &Piece) -> bool {
        matches!(piece, Piece::Body { entry, .. } if self.objects[*entry].size > SMALL)
    }

    /// Starts a piece.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub(crate) async fn start(self: Arc<Self>, piece: Piece, turn: Turn) -> Result<Pieces, Failed> {
        let bytes = match piece {
            Piece::Filler(size) => return Ok(stream::iter(s3_client::chunks(size)).map(Ok).boxed()),
            Piece::Body { entry, range } => return self.object(entry, range, turn).await,
            Piece::Header(entry) => {
                self.ask_for_crc(entry).await?;
                self.layout.header(entry, self.job.unless_stopped(self.crcs.of(entry)).await?)
            }
            Piece::End => {
                if self.parts.len() == 1 {
                    // S3 has an archive as soon as it has these bytes.
                    self.job.unless_stopped(self.compare()).await??;
                }
                self.layout.end(&self.job.unless_stopped(self.crcs.all()).await?)
            }
        };
        Ok(stream::iter([Ok(bytes.into())]).boxed())
    }

    /// A small object tells its CRC when it is started; for a large one S3 has to be asked.
    async fn ask_for_crc(&self, entry: usize) -> Result<(), Failed> {
        let object = &self.objects[entry];
        if object.size > self.max_whole {
            for (range, crc) in self.checksums.of_large(object).await? {
                self.crcs.tell(entry, range, crc);
            }
        }
        Ok(())
    }

    async fn object(
        self: Arc<Self>,
        entry: usize,
        range: Range<u64>,
        mut turn: Turn,
    ) -> Result<Pieces, Failed> {
        let object = self.objects[entry].clone();
        if object.size <= SMALL {
            let bytes = self.job.s3.read(&object, range.clone()).await?;
            let crc = crc32fast::hash(&bytes);
            self.crcs.tell(entry, range.clone(), crc);
            self.passed.tell(entry, range, crc);
            return Ok(stream::iter([Ok(bytes)]).boxed());
        }
        let is_whole = object.size <= self.max_whole;
        let (reader, headers) = Reader::open(self.job.s3.clone(), object, range.clone()).await?;
        let told = Checksums::told(&headers);
        if let (true, Some(crc)) = (is_whole, told) {
            self.crcs.tell(entry, range.clone(), crc);
        }
        let pieces = Arc::clone(&self).counted(reader, entry, range.clone());
        turn.come().await;
        if !is_whole || told.is_some() {
            return Ok(pieces.boxed());
        }
        self.reads_whole.store(true, Ordering::Relaxed);
        let memory = self.job.unless_stopped(self.memory_budget.take(range.end)).await?;
        drop(turn);
        let pieces: Vec<_> = pieces.try_collect().await?;
        self.crcs.tell(entry, range, self.passed.of(entry).await);
        // The memory is given back when the last piece is sent.
        Ok(stream::iter(pieces)
            .map(move |piece| {
                let _ = &memory;
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
}

/// Whether all bytes of each object's content are in these parts.
fn complete(objects: &[Object], parts: &[Vec<Piece>]) -> Vec<bool> {
    let mut bytes = vec![0; objects.len()];
    for piece in parts.iter().flatten() {
        if let Piece::Body { entry, range } = piece {
            bytes[*entry] += range.end - range.start;
        }
    }
    objects.iter().zip(bytes).map(|(object, bytes)| bytes == object.size).collect()
}
