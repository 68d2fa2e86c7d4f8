//! A stream of bytes that leaves as the parts of a multipart upload, a few at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures::io::AsyncWrite;
use tokio::task::JoinSet;

/// Uploads under way at once; with the part that fills, this bounds the memory.
const CONCURRENCY: usize = 3;
/// What S3 takes.
const MAX_PARTS: i32 = 10_000;

/// Takes the parts of one upload.
pub trait PartStore: Clone + Send + 'static {
    /// What completes the upload: a part's number and tag.
    type Part: Send + 'static;

    /// Uploads part `number`, from 1.
    fn upload(
        &self,
        number: i32,
        body: Bytes,
    ) -> impl Future<Output = io::Result<Self::Part>> + Send + 'static;
}

/// Cuts what is written to it into parts of equal size, and uploads them. Dropping it stops the uploads.
pub struct Sink<S: PartStore> {
    store: S,
    part_bytes: usize,
    filling: BytesMut,
    /// Buffers of uploaded parts, to be filled again: giving them back to the allocator and getting new ones would
    /// almost double the memory, since it keeps some for each thread.
    spare: Vec<BytesMut>,
    started: i32,
    uploads: JoinSet<io::Result<(S::Part, Bytes)>>,
    done: Vec<S::Part>,
    written: u64,
}

impl<S: PartStore> Sink<S> {
    /// A sink whose parts have `part_bytes` bytes, the last one excepted.
    pub fn new(store: S, part_bytes: usize) -> Self {
        let (filling, spare) = (BytesMut::with_capacity(part_bytes), Vec::new());
        let (uploads, done) = (JoinSet::new(), Vec::new());
        Self { store, part_bytes, filling, spare, started: 0, uploads, done, written: 0 }
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// All parts, in the order in which their uploads ended; complete once the sink is closed.
    pub fn into_parts(self) -> Vec<S::Part> {
        self.done
    }

    /// Waits until fewer than `limit` uploads are under way.
    fn poll_uploads(&mut self, context: &mut Context<'_>, limit: usize) -> Poll<io::Result<()>> {
        while self.uploads.len() >= limit {
            match ready!(self.uploads.poll_join_next(context)) {
                Some(Ok(uploaded)) => {
                    let (part, body) = uploaded?;
                    self.done.push(part);
                    self.spare.extend(body.try_into_mut());
                }
                Some(Err(stopped)) => return Poll::Ready(Err(io::Error::other(stopped))),
                None => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the part that fills, as soon as there is room for another upload.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_uploads(context, CONCURRENCY))?;
        if self.started == MAX_PARTS {
            let message =
                format!("the archive needs more than {MAX_PARTS} parts of {} bytes", self.part_bytes);
            return Poll::Ready(Err(io::Error::other(message)));
        }
        self.started += 1;
        let body = self.filling.split().freeze();
        let upload = self.store.upload(self.started, body.clone());
        self.uploads.spawn(async { Ok((upload.await?, body)) });
        Poll::Ready(Ok(()))
    }
}

impl<S: PartStore> Unpin for Sink<S> {}

impl<S: PartStore> AsyncWrite for Sink<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sink = self.get_mut();
        if sink.filling.len() == sink.part_bytes {
            ready!(sink.poll_send(context))?;
        }
        if sink.filling.capacity() == 0 {
            let buffer = sink.spare.pop();
            sink.filling = buffer.unwrap_or_else(|| BytesMut::with_capacity(sink.part_bytes));
            sink.filling.clear();
        }
        let amount = bytes.len().min(sink.part_bytes - sink.filling.len());
        sink.filling.extend_from_slice(&bytes[..amount]);
        sink.written += amount as u64;
        Poll::Ready(Ok(amount))
    }

    /// Parts leave when they are full: there is nothing to hasten.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sink = self.get_mut();
        if !sink.filling.is_empty() {
            ready!(sink.poll_send(context))?;
        }
        sink.poll_uploads(context, 1)
    }
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
