//! A request's body on its way over the client's link.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use s3s::StdError;
use tokio::time::Instant;

use super::ticket::Ticket;
use crate::time::link::Transfer;

/// The body as s3s gets it: each chunk when it has come over the link.
pub struct RequestBody {
    /// None when it has ended.
    rest: Option<Rest>,
    ticket: Arc<Ticket>,
}

/// What is still to come of a body.
pub struct Rest {
    body: s3s::Body,
    /// None if the server is instant.
    transfer: Option<Transfer>,
    /// Read, but still on its way over the link.
    held: Option<Bytes>,
    started: bool,
}

impl RequestBody {
    /// A body that nothing has been read of.
    pub fn new(body: s3s::Body, transfer: Option<Transfer>, ticket: Arc<Ticket>) -> Self {
        Self { rest: Some(Rest { body, transfer, held: None, started: false }), ticket }
    }

    fn end(&mut self) {
        if let Some(Rest { transfer: Some(transfer), .. }) = self.rest.take() {
            self.ticket.notes().uploaded = Some(transfer.arrived());
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        rest.started = true;
        if rest.held.is_none() {
            match ready!(Pin::new(&mut rest.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => {
                        rest.held = Some(bytes);
                    }
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.end();
                    return Poll::Ready(None);
                }
            }
        }
        let length = rest.held.as_ref().map_or(0, Bytes::len) as u64;
        if let Some(transfer) = &mut rest.transfer {
            ready!(transfer.poll_pass(context, length));
        }
        let bytes = rest.held.take().unwrap_or_default();
        self.ticket.count_in(length);
        if self.is_end_stream() {
            self.end();
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.held.is_none() && rest.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            // s3s asks before the first chunk.
            Some(Rest { body, held: None, .. }) => body.size_hint(),
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(0),
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.ticket.notes().rest = self.rest.take();
    }
}

impl Rest {
    /// Reads and forgets it, at the link's rate: a client that still sends when the connection is closed sees a reset
    /// instead of the answer. Nothing is read of bodies over `most` bytes, nor if the client waits to be told to send.
    /// Returns whether the body is read, so that another request can follow it.
    pub async fn drain(self, most: u64, waits: bool, ticket: Arc<Ticket>) -> bool {
        let short = self.body.size_hint().upper().is_none_or(|length| length <= most);
        if !short || (waits && !self.started) {
            return false;
        }
        let mut body = RequestBody { rest: Some(self), ticket };
        let mut read = 0;
        let ended = loop {
            match body.frame().await {
                None => break true,
                Some(Ok(frame)) if read <= most => read += frame.data_ref().map_or(0, Bytes::len) as u64,
                Some(_) => break false,
            }
        };
        body.ticket.notes().uploaded.get_or_insert_with(Instant::now);
        ended
    }
}
