//! The bytes that the function itself sends.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use s3_client::{Body, Failed, chunks};
use tokio::sync::OwnedSemaphorePermit;
use zip_planner::{Object, Piece};

use crate::execution::Execution;

/// Objects read at once for one part, as far as the limit of requests allows.
const READS: usize = 512;

impl Execution {
    /// A part's bytes, and the memory that they take.
    pub async fn bytes(
        &self,
        pieces: &[Piece],
    ) -> Result<(Vec<Bytes>, Option<OwnedSemaphorePermit>), Failed> {
        // The end waits for the CRCs of other parts: it would wait forever if it took the memory that they need.
        let memory = if pieces.contains(&Piece::End) { None } else { self.take_memory(pieces).await? };
        let bodies = self.bodies(pieces).await?;
        let mut bytes = Vec::with_capacity(pieces.len());
        for (piece, body) in pieces.iter().zip(bodies) {
            bytes.extend(self.piece(piece, body).await?);
        }
        Ok((bytes, memory))
    }

    /// Sends padded headers: the filler at once, each header when it is known, so that the last header waits for nothing but
    /// itself.
    pub async fn send_padded_headers(
        self: &Arc<Self>,
        number: usize,
        pieces: &[Piece],
    ) -> Result<(), Failed> {
        let memory = self.take_memory(pieces).await?;
        let bodies = Arc::new(self.bodies(pieces).await?);
        // S3 closes a connection on which nothing moves: the first header has to be near.
        if let Some(entry) = pieces.iter().find_map(header) {
            self.job.unless_stopped(self.crcs.of(entry)).await?;
        }
        let size = self.plan.layout.pieces_bytes(pieces);
        let body = || Body::stream(size, Arc::clone(self).padded_header_bytes(number, Arc::clone(&bodies)));
        self.job.s3.put_stream(&self.key_of(number), body).await?;
        drop(memory);
        Ok(())
    }

    fn padded_header_bytes(
        self: Arc<Self>,
        number: usize,
        bodies: Arc<Vec<Bytes>>,
    ) -> impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static {
        let places = 0..bodies.len();
        let bytes = stream::iter(places).then(move |place| {
            let (execution, body) = (Arc::clone(&self), bodies[place].clone());
            async move {
                let Object::Put(pieces) = &execution.plan.temporaries[number] else { return Ok(Vec::new()) };
                execution.piece(&pieces[place], body).await.map_err(io::Error::other)
            }
        });
        bytes.map_ok(|bytes| stream::iter(bytes).map(Ok)).try_flatten()
    }

    async fn take_memory(&self, pieces: &[Piece]) -> Result<Option<OwnedSemaphorePermit>, Failed> {
        let bytes = pieces.iter().filter_map(body).map(|(_, range)| range.end - range.start).sum();
        if bytes == 0 { Ok(None) } else { self.job.unless_stopped(self.memory_budget.take(bytes)).await }
    }

    /// What has to be read for pieces; nothing for those that are no content.
    async fn bodies(&self, pieces: &[Piece]) -> Result<Vec<Bytes>, Failed> {
        let ranges: Vec<_> = pieces.iter().map(body).enumerate().collect();
        let read = |(place, range): (usize, Option<(usize, Range<u64>)>)| async move {
            match range {
                Some((entry, range)) => Ok((place, self.read(entry, range).await?)),
                None => Ok((place, Bytes::new())),
            }
        };
        // In any order: one that is late holds no other up.
        let mut read: Vec<_> = stream::iter(ranges).map(read).buffer_unordered(READS).try_collect().await?;
        read.sort_unstable_by_key(|(place, _)| *place);
        Ok(read.into_iter().map(|(_, bytes)| bytes).collect())
    }

    async fn read(&self, entry: usize, range: Range<u64>) -> Result<Bytes, Failed> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let object = &self.objects[entry];
        let _asked = self.job.unless_stopped(self.reading.take(range.end - range.start)).await?;
        let bytes = self.job.s3.read(object, range.clone()).await?;
        if range == (0..object.size) {
            self.crcs.tell(entry, range, crc32fast::hash(&bytes));
        }
        Ok(bytes)
    }

    async fn piece(&self, piece: &Piece, body: Bytes) -> Result<Vec<Bytes>, Failed> {
        Ok(match piece {
            Piece::Filler(size) => chunks(*size).collect(),
            Piece::Header(entry) => {
                let crc = self.job.unless_stopped(self.crcs.of(*entry)).await?;
                vec![self.plan.layout.header(*entry, crc).into()]
            }
            Piece::Body { .. } => vec![body],
            Piece::End => {
                let crcs = self.job.unless_stopped(self.crcs.all()).await?;
                vec![self.plan.layout.end(&crcs).into()]
            }
        })
    }
}

fn header(piece: &Piece) -> Option<usize> {
    if let Piece::Header(entry) = piece { Some(*entry) } else { None }
}

fn body(piece: &Piece) -> Option<(usize, Range<u64>)> {
    if let Piece::Body { entry, range } = piece { Some((*entry, range.clone())) } else { None }
}
