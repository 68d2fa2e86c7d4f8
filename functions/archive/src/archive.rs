//! A ZIP archive in a ranged source: its directory, and the digests of its entries.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use async_compression::tokio::bufread::DeflateDecoder;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::error::VerifyError;
use crate::reader::{RangedReader, read_range};
use crate::source::{RangedSource, SourceError};
use crate::zip::{self, Entry, LOCAL_HEADER_BYTES, LocalHeader, Method, ZipError};

/// Read in one request at first: the end records, and the directory of some thousand entries.
const TAIL_BYTES: u64 = 1 << 20;
/// Content is hashed in steps of this.
const BUFFER_BYTES: usize = 64 << 10;
/// A larger directory would not fit in memory; one of a million entries does.
const MAX_DIRECTORY_BYTES: u64 = 256 << 20;

/// An archive whose entries are read in the order of their offsets.
pub struct Archive<S> {
    reader: RangedReader<S>,
    directory_start: u64,
    /// End of the last entry's data.
    read_to: u64,
}

/// What an entry's content amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentDigest {
    /// SHA-256, lowercase hexadecimal digits.
    pub sha256: String,
    /// CRC-32.
    pub crc32: u32,
}

impl<S: RangedSource> Archive<S> {
    /// Reads the central directory of an archive of `size` bytes.
    ///
    /// # Errors
    /// [`VerifyError`] if the source cannot be read or is no ZIP archive.
    pub async fn open(source: Arc<S>, size: u64) -> Result<(Self, Vec<Entry>), VerifyError> {
        const { assert!(TAIL_BYTES >= zip::MAX_END_BYTES) };
        let tail_start = size.saturating_sub(TAIL_BYTES);
        let tail = read_range(&source, tail_start..size).await?;
        let end = zip::find_end(&tail, tail_start)?;
        let directory = directory_bytes(&source, &end.directory, &tail, tail_start).await?;
        let entries = zip::parse_directory(&directory, end.entries)?;
        let reader = RangedReader::new(source, end.directory.start);
        Ok((Self { reader, directory_start: end.directory.start, read_to: 0 }, entries))
    }

    /// Reads an entry's content, which must lie behind that of the entries read before.
    ///
    /// # Errors
    /// [`VerifyError`] if the source cannot be read or the entry is not what the directory says.
    pub async fn digest(&mut self, entry: &Entry) -> Result<ContentDigest, VerifyError> {
        if entry.offset < self.read_to {
            return Err(ZipError::Outside("an entry's start").into());
        }
        self.reader.seek(entry.offset);
        let mut header = [0; LOCAL_HEADER_BYTES];
        self.read_exact(&mut header).await?;
        let local = LocalHeader::parse(&header, entry)?;
        let mut name = vec![0; local.name_bytes];
        self.read_exact(&mut name).await?;
        LocalHeader::check_name(&name, entry)?;
        let data = self.reader.position() + local.extra_bytes as u64;
        let data_end = data.checked_add(entry.compressed_size).filter(|end| *end <= self.directory_start);
        self.read_to = data_end.ok_or(ZipError::Outside("an entry's data"))?;
        self.reader.seek(data);
        let packed = (&mut self.reader).take(entry.compressed_size);
        match entry.method {
            Method::Stored => digest(packed, entry).await,
            Method::Deflate => digest(DeflateDecoder::new(packed), entry).await,
        }
    }

    async fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), VerifyError> {
        match self.reader.read_exact(buffer).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(ZipError::Outside("a local file header").into())
            }
            Err(error) => Err(SourceError(error.to_string()).into()),
        }
    }
}

async fn directory_bytes<S: RangedSource>(
    source: &Arc<S>,
    directory: &Range<u64>,
    tail: &[u8],
    tail_start: u64,
) -> Result<Vec<u8>, VerifyError> {
    if directory.end - directory.start > MAX_DIRECTORY_BYTES {
        return Err(ZipError::Outside("most of the central directory").into());
    }
    let in_tail = |offset: u64| usize::try_from(offset.saturating_sub(tail_start)).unwrap_or(tail.len());
    let mut bytes = read_range(source, directory.start..directory.end.min(tail_start)).await?;
    bytes.extend_from_slice(&tail[in_tail(directory.start)..in_tail(directory.end)]);
    Ok(bytes)
}

async fn digest<R: AsyncRead + Unpin>(mut content: R, entry: &Entry) -> Result<ContentDigest, VerifyError> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut sha256, mut crc32, mut size) = (Sha256::new(), crc32fast::Hasher::new(), 0);
    loop {
        let amount = content.read(&mut buffer).await.map_err(|error| unreadable(&error, entry))?;
        size += amount as u64;
        if amount == 0 || size > entry.size {
            break;
        }
        sha256.update(&buffer[..amount]);
        crc32.update(&buffer[..amount]);
    }
    if size != entry.size {
        return Err(ZipError::Size { name: entry.name.clone(), found: size, stated: entry.size }.into());
    }
    Ok(ContentDigest { sha256: hex::encode(sha256.finalize()), crc32: crc32.finalize() })
}

/// Tells a connection's error, which passes through the decoder, from the decoder's own.
fn unreadable(error: &io::Error, entry: &Entry) -> VerifyError {
    match error.get_ref().and_then(|cause| cause.downcast_ref::<SourceError>()) {
        Some(cause) => cause.clone().into(),
        None => ZipError::Inflate { name: entry.name.clone(), cause: error.to_string() }.into(),
    }
}
