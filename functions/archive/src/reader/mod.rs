//! Reads a [`RangedSource`] as a file: from a position onwards, over broken connections, with cheap steps
//! forward.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use crate::source::{Chunks, RangedSource, SourceError};

/// Bytes that are cheaper to read and forget than a new request.
const READ_ON: u64 = 256 << 10;
/// Connections in a row that may break without a single byte.
const MAX_FAILURES: u32 = 6;
/// Before the first reconnection; doubled for each one after.
const BACKOFF: Duration = Duration::from_millis(100);

/// A position in a source, and the connection that reads from there. It connects when it is read, not before.
pub struct RangedReader<S> {
    source: Arc<S>,
    size: u64,
    position: u64,
    /// The connection; the next byte it delivers is the one at `received`.
    connection: Option<Chunks>,
    received: u64,
    /// The last bytes received, those before `received`.
    chunk: Bytes,
}

impl<S: RangedSource> RangedReader<S> {
    /// A reader at the start of a source of `size` bytes.
    pub fn new(source: Arc<S>, size: u64) -> Self {
        Self { source, size, position: 0, connection: None, received: 0, chunk: Bytes::new() }
    }

    /// The offset of the next byte, bytes.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to `position`: within what is received or a little ahead on the same connection, elsewhere on a
    /// new one.
    pub fn seek(&mut self, position: u64) {
        let held = self.received - self.chunk.len() as u64..=self.received.saturating_add(READ_ON);
        if !held.contains(&position) {
            self.connection = None;
        }
        self.position = position;
    }

    /// Makes `chunk` start at `position`, and hold something unless that is the end.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.is_none() {
            self.chunk.clear();
            self.received = self.position;
        }
        let connect = || chunks(Arc::clone(&self.source), self.position..self.size);
        let connection = self.connection.get_or_insert_with(connect);
        loop {
            let behind = self.position - (self.received - self.chunk.len() as u64);
            self.chunk.advance(self.chunk.len().min(usize::try_from(behind).unwrap_or(usize::MAX)));
            if !self.chunk.is_empty() {
                return Poll::Ready(Ok(()));
            }
            match ready!(connection.poll_next_unpin(context)) {
                Some(Ok(chunk)) => {
                    self.received += chunk.len() as u64;
                    self.chunk = chunk;
                }
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<S: RangedSource> AsyncBufRead for RangedReader<S> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let reader = self.get_mut();
        ready!(reader.poll_chunk(context))?;
        Poll::Ready(Ok(&reader.chunk))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let reader = self.get_mut();
        reader.chunk.advance(amount);
        reader.position += amount as u64;
    }
}

impl<S: RangedSource> AsyncRead for RangedReader<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let available = ready!(self.as_mut().poll_fill_buf(context))?;
        let amount = available.len().min(buffer.remaining());
        buffer.put_slice(&available[..amount]);
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

/// Reads a whole range into memory.
///
/// # Errors
/// [`SourceError`] if the source cannot be read.
pub async fn read_range<S: RangedSource>(source: &Arc<S>, range: Range<u64>) -> Result<Vec<u8>, SourceError> {
    chunks(Arc::clone(source), range)
        .try_fold(Vec::new(), async |mut bytes, chunk| {
            bytes.extend_from_slice(&chunk);
            Ok(bytes)
        })
        .await
}

struct Download<S> {
    source: Arc<S>,
    rest: Range<u64>,
    connection: Option<Chunks>,
    failures: u32,
}

/// The bytes of `range`, over as many connections as it takes.
fn chunks<S: RangedSource>(source: Arc<S>, range: Range<u64>) -> Chunks {
    let download = Download { source, rest: range, connection: None, failures: 0 };
    stream::try_unfold(download, |mut download| async move {
        while !download.rest.is_empty() {
            if let Some(chunk) = download.next().await? {
                return Ok(Some((chunk, download)));
            }
        }
        Ok(None)
    })
    .boxed()
}

impl<S: RangedSource> Download<S> {
    /// The next bytes; none if the connection broke and another try is due.
    async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(self.source.open(self.rest.clone()).await?),
        };
        let broken = match connection.next().await {
            Some(Ok(chunk)) if !chunk.is_empty() => {
                self.failures = 0;
                self.rest.start += chunk.len() as u64;
                return Ok(Some(chunk));
            }
            Some(Ok(_)) => return Ok(None),
            Some(Err(error)) => error,
            None => SourceError(format!("the body ended {} bytes early", self.rest.end - self.rest.start)),
        };
        self.connection = None;
        self.failures += 1;
        if self.failures > MAX_FAILURES {
            return Err(broken);
        }
        tracing::warn!(error = %broken, at = self.rest.start, "reconnecting");
        tokio::time::sleep(BACKOFF * 2_u32.pow(self.failures - 1)).await;
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
