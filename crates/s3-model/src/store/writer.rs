//! Writes a body to the disk and computes what S3 reports of it, without ever holding more than a small body.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use multi_buffer_md5::Md5;

use super::blob::{Blob, Blobs};
use super::rope::{Chunk, Rope};
use crate::checksums::{Algorithm, Digests, Hasher};

/// Up to this, in bytes, a body is small and shares a blob with others.
pub const SMALL: usize = 256 << 10;

/// A body as it was written, and what was computed of it.
pub struct WrittenBody {
    /// Its bytes.
    pub rope: Rope,
    /// Its MD5.
    pub md5: [u8; 16],
    /// Its other checksums.
    pub digests: Digests,
}

/// Writes one body. Given up, it leaves nothing behind.
pub struct Writer {
    blobs: Arc<Blobs>,
    md5: Md5,
    hasher: Hasher,
    small: Vec<u8>,
    large: Option<(Arc<Blob>, File)>,
}

impl Writer {
    /// Of a body that is to have a checksum of `also` beside its MD5 and CRCs.
    #[must_use]
    pub fn new(blobs: Arc<Blobs>, md5: Md5, also: Option<Algorithm>) -> Self {
        Self { blobs, md5, hasher: Hasher::new(also), small: Vec::new(), large: None }
    }

    /// Takes more bytes.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.hasher.update(&bytes);
        self.keep(&bytes)?;
        self.md5.update(bytes);
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some((_, file)) = &mut self.large {
            return file.write_all(bytes);
        }
        if self.small.len() + bytes.len() <= SMALL {
            self.small.extend_from_slice(bytes);
            return Ok(());
        }
        let (_, file) = self.large.insert(self.blobs.create()?);
        file.write_all(&std::mem::take(&mut self.small))?;
        file.write_all(bytes)
    }

    /// The body as it was written, and what was computed of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<WrittenBody> {
        let (md5, digests) = (self.md5.finish(), self.hasher.finish());
        if digests.len == 0 {
            return Ok(WrittenBody { rope: Rope::new([]), md5, digests });
        }
        let (blob, at) = match self.large {
            Some((blob, _)) => (blob, 0),
            None => self.blobs.append(&self.small)?,
        };
        let chunk = Chunk::new(blob, at, digests.len, digests.blocks.clone());
        Ok(WrittenBody { rope: Rope::of_chunk(Arc::new(chunk)), md5, digests })
    }
}
