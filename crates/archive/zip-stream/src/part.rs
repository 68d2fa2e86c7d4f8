//! The bytes of one part, in order. What follows is started while something is sent: S3 takes a moment to find it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use s3_client::{Error, Failed};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::transfer::Transfer;

/// The next object is asked for when no more than this is left to send of those that were: an eighth of a second's bytes,
/// shared by the parts under way. More would hold up what is sent now, since all share the bandwidth, and would still have to
/// be sent when the last byte has been read.
const AHEAD: u64 = 9 << 20;
/// Where objects have to be read as a whole before they are sent.
const AHEAD_WHOLE: u64 = 24 << 20;
/// Pieces under way, two an object. Requests have a limit of their own, but those that S3 refused wait without one.
const MAX_TASKS: usize = 2 * 1_024;
/// Pieces started, those that are there included: an object that S3 refuses again and again holds up those behind it, so of small
/// ones many have to be there meanwhile.
const MAX_STARTED: usize = 2 * 16_384;

/// Pieces of content.
pub type Pieces = BoxStream<'static, Result<Bytes, Failed>>;

type Started = oneshot::Receiver<Result<Pieces, Failed>>;

/// A piece's place in the queue for memory: else pieces behind others could hold all of it, and wait to be sent after those.
/// The queue goes on when it is dropped.
#[derive(Default)]
pub struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _done: Option<oneshot::Sender<()>>,
}

impl Turn {
    /// Waits until all before have the memory that they need.
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
    /// The place of the next piece to start.
    next: usize,
    started: VecDeque<Started>,
    tasks: JoinSet<()>,
    /// Ends when the last one started has its memory.
    last: Option<oneshot::Receiver<()>>,
    current: Option<Pieces>,
    /// Bytes started and not sent.
    left: u64,
}

impl Part {
    /// Part `number` of a transfer, counted from 0.
    pub fn new(transfer: Arc<Transfer>, number: usize) -> Self {
        transfer.under_way.fetch_add(1, Ordering::Relaxed);
        let (started, tasks) = (VecDeque::new(), JoinSet::new());
        Self { transfer, number, next: 0, started, tasks, last: None, current: None, left: 0 }
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
            self.start();
            if let Some(current) = &mut self.current {
                if let Some(bytes) = current.next().await.transpose()? {
                    self.left -= bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                self.current = None;
            } else if let Some(mut started) = self.started.pop_front() {
                let started = loop {
                    tokio::select! {
                        started = &mut started => break started,
                        // Others go on while S3 refuses this one.
                        Some(_) = self.tasks.join_next() => self.start(),
                    }
                };
                self.current = Some(started.unwrap_or_else(|_| {
                    let error = Error::Broken("a task ended before its work was done".to_owned());
                    Err(Failed { doing: "go on".to_owned(), error })
                })?);
            } else {
                return Ok(None);
            }
        }
    }

    /// The last place in the queue for memory.
    fn queue_up(&mut self) -> Turn {
        let (done, last) = oneshot::channel();
        Turn { before: self.last.replace(last), _done: Some(done) }
    }

    fn start(&mut self) {
        let all = if self.transfer.reads_whole() { AHEAD_WHOLE } else { AHEAD };
        let ahead = all / self.transfer.under_way.load(Ordering::Relaxed).max(1);
        while self.tasks.try_join_next().is_some() {}
        let has_room = |part: &Self| part.started.len() < MAX_STARTED && part.tasks.len() < MAX_TASKS;
        while self.left <= ahead && has_room(self) {
            let Some(piece) = self.transfer.parts[self.number].get(self.next) else { return };
            self.left += self.transfer.layout.piece_bytes(piece);
            let (transfer, piece) = (Arc::clone(&self.transfer), piece.clone());
            let turn = if self.transfer.may_need_memory(&piece) { self.queue_up() } else { Turn::default() };
            let (send, started) = oneshot::channel();
            self.tasks.spawn(async move {
                let started = Arc::clone(&transfer).start(piece, turn).await;
                if let Err(failed) = &started {
                    // The header before a content is looked at first, and waits for what never comes.
                    transfer.give_up(failed.clone());
                }
                // Nobody listens where the part was given up.
                let _ = send.send(started);
            });
            self.started.push_back(started);
            self.next += 1;
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.transfer.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
