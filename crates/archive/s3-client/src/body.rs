//! What requests send.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream::{BoxStream, Stream, StreamExt};
use http_body::{Frame, SizeHint};

/// A request's body.
pub struct Body {
    left: u64,
    content: Content,
}

enum Content {
    Whole(std::vec::IntoIter<Bytes>),
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

impl Body {
    /// A body that is known as a whole.
    #[must_use]
    pub fn whole(pieces: Vec<Bytes>) -> Self {
        let size = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { left: size, content: Content::Whole(pieces.into_iter()) }
    }

    /// A body of `size` bytes that comes piece by piece.
    pub fn stream(size: u64, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self { left: size, content: Content::Stream(pieces.boxed()) }
    }

    /// Its size, bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.left
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let next = match &mut self.content {
            Content::Whole(pieces) => Poll::Ready(pieces.next().map(Ok)),
            Content::Stream(pieces) => pieces.poll_next_unpin(context),
        };
        next.map(|piece| match piece {
            Some(Ok(bytes)) if bytes.len() as u64 <= self.left => {
                self.left -= bytes.len() as u64;
                Some(Ok(Frame::data(bytes)))
            }
            Some(Err(error)) => Some(Err(error)),
            _ => Some(Err(io::Error::other("a body has a different length than announced"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// So many zeros in chunks that share their memory.
pub fn chunks(mut zeros: u64) -> impl Iterator<Item = Bytes> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    std::iter::from_fn(move || {
        let size = usize::try_from(zeros).unwrap_or(usize::MAX).min(ZEROS.len());
        zeros -= size as u64;
        (size > 0).then(|| Bytes::from_static(&ZEROS[..size]))
    })
}
