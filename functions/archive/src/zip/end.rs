//! The end of central directory record (4.3.16), and ZIP64's (4.3.14, 4.3.15).

use std::ops::Range;

use super::ZipError;
use super::fields::{u16_at, u32_at, u64_at};

const END_SIGNATURE: u32 = 0x0605_4b50;
const END_BYTES: usize = 22;
const LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
const LOCATOR_BYTES: usize = 20;
const END64_SIGNATURE: u32 = 0x0606_4b50;
const END64_BYTES: usize = 56;

/// The end records lie within this many bytes before an archive's end, the longest comment included.
pub const MAX_END_BYTES: u64 = (END_BYTES + 0xffff + LOCATOR_BYTES + END64_BYTES) as u64;

/// What the end records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Entries in the central directory.
    pub entries: u64,
    /// Where the central directory lies.
    pub directory: Range<u64>,
}

/// Finds the end records in `tail`, the archive's last bytes, which start at offset `start`.
///
/// # Errors
/// [`ZipError`] if there are none, if they lie outside, or if the archive has several volumes.
pub fn find_end(tail: &[u8], start: u64) -> Result<End, ZipError> {
    let at = end_record(tail).ok_or(ZipError::NoEnd)?;
    let end = &tail[at..];
    let end64 = end64_record(tail, at, start)?;
    let wide = |narrow: u64, limit: u64, field: usize| match end64 {
        Some(end64_at) if narrow == limit => u64_at(tail, end64_at + field),
        _ => narrow,
    };
    let entries_here = wide(u16_at(end, 8).into(), u16::MAX.into(), 24);
    let entries = wide(u16_at(end, 10).into(), u16::MAX.into(), 32);
    let size = wide(u32_at(end, 12).into(), u32::MAX.into(), 40);
    let offset = wide(u32_at(end, 16).into(), u32::MAX.into(), 48);
    let volume = u16_at(end, 4);
    if (volume != 0 && volume != u16::MAX) || entries_here != entries {
        return Err(ZipError::Volumes);
    }
    let records = start + end64.unwrap_or(at) as u64;
    match offset.checked_add(size) {
        Some(directory_end) if directory_end <= records => {
            Ok(End { entries, directory: offset..directory_end })
        }
        _ => Err(ZipError::Outside("the central directory")),
    }
}

/// The last signature whose comment ends with the archive.
fn end_record(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END_BYTES)?;
    (0..=last).rev().find(|&at| {
        u32_at(tail, at) == END_SIGNATURE && at + END_BYTES + usize::from(u16_at(tail, at + 20)) == tail.len()
    })
}

/// ZIP64's end record, if a locator stands before the plain one at `end_at`.
fn end64_record(tail: &[u8], end_at: usize, start: u64) -> Result<Option<usize>, ZipError> {
    const WHAT: &str = "the ZIP64 end of central directory record";
    let Some(locator) = end_at.checked_sub(LOCATOR_BYTES) else { return Ok(None) };
    if u32_at(tail, locator) != LOCATOR_SIGNATURE {
        return Ok(None);
    }
    let at = u64_at(tail, locator + 8).checked_sub(start).and_then(|at| usize::try_from(at).ok());
    let at = at.filter(|at| at.saturating_add(END64_BYTES) <= locator).ok_or(ZipError::Outside(WHAT))?;
    if u32_at(tail, at) == END64_SIGNATURE { Ok(Some(at)) } else { Err(ZipError::Signature(WHAT)) }
}
