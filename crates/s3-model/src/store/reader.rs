//! Reads a rope piece by piece.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::rope::Rope;

/// Reads a rope from its beginning.
pub struct Reader {
    rope: Rope,
    extent: usize,
    /// Bytes of the extent that are read.
    done: u64,
    /// Of the extent, once it is open.
    file: Option<Arc<File>>,
    left: u64,
}

impl Reader {
    /// Of all bytes of `rope`.
    #[must_use]
    pub fn new(rope: Rope) -> Self {
        Self { left: rope.len(), rope, extent: 0, done: 0, file: None }
    }

    /// Bytes that are not read yet.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Fills `buffer` as far as there are bytes, and returns how many.
    ///
    /// # Errors
    /// When a blob cannot be read.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() && self.left > 0 {
            filled += self.read_extent(&mut buffer[filled..], wait)?;
        }
        Ok(filled)
    }

    /// Fills `buffer` with what is in the operating system's cache, and returns how many bytes that were: for the next ones
    /// [`Self::read`] has to wait.
    ///
    /// # Errors
    /// When a blob cannot be read.
    pub fn read_cached(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() && self.left > 0 {
            match self.read_extent(&mut buffer[filled..], cached)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    fn read_extent(
        &mut self,
        buffer: &mut [u8],
        read: impl FnOnce(&File, &mut [u8], u64) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let extent = &self.rope.extents()[self.extent];
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(extent.chunk.blob.file()?),
        };
        let rest = usize::try_from(extent.len - self.done).unwrap_or(usize::MAX);
        let wanted = rest.min(buffer.len());
        let read = read(file, &mut buffer[..wanted], extent.chunk.at + extent.start + self.done)?;
        self.done += read as u64;
        self.left -= read as u64;
        if self.done == extent.len {
            (self.extent, self.done, self.file) = (self.extent + 1, 0, None);
        }
        Ok(read)
    }
}

fn wait(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    file.read_exact_at(buffer, at).map(|()| buffer.len())
}

fn cached(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    match preadv2(file, &mut [IoSliceMut::new(buffer)], at, ReadWriteFlags::NOWAIT) {
        // Not every file system can tell: those wait.
        Err(Errno::AGAIN | Errno::OPNOTSUPP) => Ok(0),
        read => Ok(read?),
    }
}
