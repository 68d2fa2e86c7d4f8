//! The central directory (4.3.12).

use super::ZipError;
use super::fields::{u16_at, u32_at, u64_at};

const SIGNATURE: u32 = 0x0201_4b50;
const HEADER_BYTES: usize = 46;
const ZIP64_EXTRA: u16 = 0x0001;
/// Encrypted (bit 0), strongly encrypted (bit 6) or with a masked directory (bit 13).
const ENCRYPTED_FLAGS: u16 = 1 | 1 << 6 | 1 << 13;

/// How an entry's bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As they are.
    Stored,
    /// Deflated.
    Deflate,
}

/// An entry as the central directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The name's own bytes.
    pub raw_name: Vec<u8>,
    /// How the bytes are kept.
    pub method: Method,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Size in the archive, bytes.
    pub compressed_size: u64,
    /// Size of the content, bytes.
    pub size: u64,
    /// Offset of the local header.
    pub offset: u64,
}

/// Reads the central directory, `bytes`, which is to hold `count` entries and nothing else.
///
/// # Errors
/// [`ZipError`] if it holds others or fewer, or one that cannot be read.
pub fn parse_directory(bytes: &[u8], count: u64) -> Result<Vec<Entry>, ZipError> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (entry, length) = parse_entry(rest)?;
        entries.push(entry);
        rest = &rest[length..];
    }
    let found = entries.len() as u64;
    if found == count { Ok(entries) } else { Err(ZipError::Count { found, stated: count }) }
}

fn parse_entry(bytes: &[u8]) -> Result<(Entry, usize), ZipError> {
    const WHAT: &str = "an entry of the central directory";
    if bytes.len() < HEADER_BYTES {
        return Err(ZipError::Outside(WHAT));
    }
    if u32_at(bytes, 0) != SIGNATURE {
        return Err(ZipError::Signature(WHAT));
    }
    let [name_bytes, extra_bytes, comment_bytes] = [28, 30, 32].map(|at| usize::from(u16_at(bytes, at)));
    let extra_at = HEADER_BYTES + name_bytes;
    let length = extra_at + extra_bytes + comment_bytes;
    if bytes.len() < length {
        return Err(ZipError::Outside(WHAT));
    }
    let raw_name = bytes[HEADER_BYTES..extra_at].to_vec();
    let name = String::from_utf8_lossy(&raw_name).into_owned();
    if u16_at(bytes, 8) & ENCRYPTED_FLAGS != 0 {
        return Err(ZipError::Encrypted(name));
    }
    let method = match u16_at(bytes, 10) {
        0 => Method::Stored,
        8 => Method::Deflate,
        method => return Err(ZipError::Compression { name, method }),
    };
    let mut zip64 = zip64_values(&bytes[extra_at..extra_at + extra_bytes]);
    let mut wide = |at| match u32_at(bytes, at) {
        u32::MAX => zip64.next().ok_or_else(|| ZipError::NoZip64(name.clone())),
        narrow => Ok(narrow.into()),
    };
    // The order of ZIP64's values, of which only those stand that do not fit here (4.5.3).
    let (size, compressed_size, offset) = (wide(24)?, wide(20)?, wide(42)?);
    let crc32 = u32_at(bytes, 16);
    Ok((Entry { name, raw_name, method, crc32, compressed_size, size, offset }, length))
}

/// The 64-bit values of the ZIP64 extra field, none if there is no such field.
fn zip64_values(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut values = &[][..];
    while extra.len() >= 4 {
        let end = (4 + usize::from(u16_at(extra, 2))).min(extra.len());
        if u16_at(extra, 0) == ZIP64_EXTRA {
            values = &extra[4..end];
            break;
        }
        extra = &extra[end..];
    }
    values.chunks_exact(8).map(|value| u64_at(value, 0))
}
