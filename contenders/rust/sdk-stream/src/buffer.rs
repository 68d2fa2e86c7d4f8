//! The end of the archive that is written and not yet sent.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures::AsyncWrite;

/// What is written at one end is taken from the other. An entry that is being written holds the ZIP writer, so its output is
/// shared with whoever sends it.
#[derive(Debug, Clone, Default)]
pub struct Buffer(Arc<Mutex<BytesMut>>);

impl Buffer {
    /// The first `size` bytes, if there are as many.
    pub fn take_part(&self, size: usize) -> Option<Bytes> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (bytes.len() >= size).then(|| bytes.split_to(size).freeze())
    }

    /// All that is left.
    pub fn take(&self) -> Bytes {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).split().freeze()
    }
}

impl AsyncWrite for Buffer {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use futures::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn parts_are_taken_in_order_and_only_when_they_are_full() {
        let buffer = Buffer::default();
        buffer.clone().write_all(b"abcde").await.unwrap();
        assert_eq!(buffer.take_part(6), None);
        assert_eq!(buffer.take_part(3).unwrap(), "abc");
        buffer.clone().write_all(b"f").await.unwrap();
        assert_eq!((buffer.take(), buffer.take()), (Bytes::from("def"), Bytes::new()));
    }
}
