//! The bytes of one part, in order. What follows is begun while something is sent: S3 takes a moment to find it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use s3_wire::{Error, Failed};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use crate::transfer::Transfer;

/// The next object is asked for when no more than this is left to send of those that were: an eighth of a second's bytes,
/// shared by the parts under way. More would hold up what is sent now, since all share the bandwidth, and would still have to
/// be sent when the last byte has been read.
const AHEAD: u64 = 9 << 20;
/// Where objects have to be read as a whole before they are sent.
const AHEAD_WHOLE: u64 = 24 << 20;
/// Pieces begun, two an object: an archive of small objects needs many, since one that S3 refuses again and again holds up those
/// behind it. Requests under way have a limit of their own.
const MAX_BEGUN: usize = 2 * 1_024;

/// Pieces of content.
pub type Pieces = BoxStream<'static, Result<Bytes, Failed>>;

type Begun = AbortOnDropHandle<Result<Pieces, Failed>>;

/// A piece's place in the queue for room: else pieces behind others could hold all of it, and wait to be sent after those.
/// The queue goes on when it is dropped.
pub struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _done: oneshot::Sender<()>,
}

impl Turn {
    /// Waits until all before have the room that they need.
    pub async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // Its end is all that it tells.
            let _ = before.await;
        }
    }
}

/// A part that is being sent.
pub struct Part {
    transfer: Arc<Transfer>,
    number: usize,
    /// The place of the next piece to begin.
    next: usize,
    begun: VecDeque<Begun>,
    /// Ends when the last one begun has its room.
    last: Option<oneshot::Receiver<()>>,
    current: Option<Pieces>,
    /// Bytes begun and not sent.
    left: u64,
}

impl Part {
    /// Part `number` of a transfer, counted from 0.
    pub fn new(transfer: Arc<Transfer>, number: usize) -> Self {
        transfer.under_way.fetch_add(1, Ordering::Relaxed);
        Self { transfer, number, next: 0, begun: VecDeque::new(), last: None, current: None, left: 0 }
    }

    /// Its bytes.
    pub fn bytes(self) -> Pieces {
        let next = |mut part: Self| async move {
            let bytes = part.next().await?;
            Ok(bytes.map(|bytes| (bytes, part)))
        };
        stream::try_unfold(self, next).boxed()
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failed> {
        loop {
            self.begin();
            if let Some(current) = &mut self.current {
                if let Some(bytes) = current.next().await.transpose()? {
                    self.left -= bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                self.current = None;
            } else if let Some(begun) = self.begun.pop_front() {
                self.current = Some(begun.await.unwrap_or_else(|panic| {
                    let error = Error::Broken(panic.to_string());
                    Err(Failed { doing: "go on".to_owned(), error })
                })?);
            } else {
                return Ok(None);
            }
        }
    }

    fn begin(&mut self) {
        let all = if self.transfer.reads_whole() { AHEAD_WHOLE } else { AHEAD };
        let ahead = all / self.transfer.under_way.load(Ordering::Relaxed).max(1);
        while self.left <= ahead && self.begun.len() < MAX_BEGUN {
            let Some(piece) = self.transfer.parts[self.number].get(self.next) else { return };
            self.left += self.transfer.layout.piece_bytes(piece);
            let (transfer, piece) = (Arc::clone(&self.transfer), piece.clone());
            let (done, last) = oneshot::channel();
            let turn = Turn { before: self.last.replace(last), _done: done };
            let begun = async move { transfer.begin(piece, turn).await };
            self.begun.push_back(AbortOnDropHandle::new(tokio::spawn(begun)));
            self.next += 1;
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.transfer.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
