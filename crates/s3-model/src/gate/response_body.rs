//! A response's body on its way over the client's link, and what a fault does to it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use s3s::StdError;
use tokio::time::Instant;

use super::wire::Wire;
use crate::counters::{Row, add};
use crate::faults::{Fault, Kind};
use crate::time::clock::{Alarm, Clock};
use crate::time::link::Transfer;

/// The body as the client gets it.
pub struct ResponseBody {
    body: s3s::Body,
    /// None if the server is instant.
    transfer: Option<Transfer>,
    row: Arc<Row>,
    /// Taken from `body`, but still on its way over the link.
    held: Bytes,
    /// Bytes that have gone.
    gone: u64,
    spoiler: Option<Spoiler>,
}

/// A fault that befalls a body at a place.
pub struct Spoiler {
    at: u64,
    deed: Deed,
}

enum Deed {
    Close(Arc<Wire>),
    Reset(Arc<Wire>),
    WrongByte,
    Stall { clock: Clock, seconds: std::time::Duration, alarm: Option<Alarm> },
}

impl Spoiler {
    /// What a fault does to a body of `length` bytes.
    pub fn new(fault: &Fault, length: u64, wire: &Arc<Wire>, clock: &Clock) -> Self {
        let half = length / 2;
        let (at, deed) = match fault.kind {
            Kind::WrongByte => (fault.draw % length.max(1), Deed::WrongByte),
            Kind::Truncate => (half, Deed::Close(Arc::clone(wire))),
            Kind::Stall => (half, Deed::Stall { clock: clock.clone(), seconds: fault.pause, alarm: None }),
            Kind::Reset | Kind::SlowDown | Kind::InternalError => (half, Deed::Reset(Arc::clone(wire))),
        };
        Self { at, deed }
    }

    /// Ready when the body goes on.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.deed {
            // The socket ends the connection when it has sent what came before; nothing polls for more.
            Deed::Close(wire) => {
                wire.close();
                Poll::Pending
            }
            Deed::Reset(wire) => {
                wire.reset();
                Poll::Pending
            }
            Deed::Stall { clock, seconds, alarm } => {
                let alarm = alarm.get_or_insert_with(|| clock.at(Instant::now() + *seconds));
                Pin::new(alarm).poll(context)
            }
            Deed::WrongByte => Poll::Ready(()),
        }
    }
}

impl ResponseBody {
    /// A body that nothing has gone of.
    pub fn new(body: s3s::Body, transfer: Option<Transfer>, row: Arc<Row>, spoiler: Option<Spoiler>) -> Self {
        Self { body, transfer, row, held: Bytes::new(), gone: 0, spoiler }
    }

    /// The next bytes up to where the spoiler waits, if it does.
    fn next(&mut self) -> usize {
        match &self.spoiler {
            Some(Spoiler { at, deed }) if !matches!(deed, Deed::WrongByte) => {
                usize::try_from(at - self.gone).map_or(self.held.len(), |left| self.held.len().min(left))
            }
            _ => self.held.len(),
        }
    }

    fn change_byte(&mut self, bytes: Bytes) -> Bytes {
        let place = match &self.spoiler {
            Some(Spoiler { at, deed: Deed::WrongByte }) => at.checked_sub(self.gone),
            _ => None,
        };
        match place.and_then(|place| usize::try_from(place).ok()) {
            Some(place) if place < bytes.len() => {
                let mut changed = BytesMut::from(bytes);
                changed[place] ^= 0xff;
                self.spoiler = None;
                changed.freeze()
            }
            _ => bytes,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let this = &mut *self;
        if let Some(spoiler) = &mut this.spoiler
            && spoiler.at == this.gone
            && !matches!(spoiler.deed, Deed::WrongByte)
        {
            ready!(spoiler.poll(context));
            this.spoiler = None;
        }
        while this.held.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => this.held = bytes,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let length = this.next();
        if let Some(transfer) = &mut this.transfer {
            ready!(transfer.poll_pass(context, length as u64));
        }
        let bytes = this.held.split_to(length);
        let bytes = this.change_byte(bytes);
        this.gone += length as u64;
        add(&this.row.bytes_out, length as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (held, hint) = (self.held.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + held);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + held);
        }
        whole
    }
}
