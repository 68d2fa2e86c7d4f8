//! Local file headers (4.3.7): where an entry's data starts.

use super::fields::{u16_at, u32_at};
use super::{Entry, Method, ZipError};

/// Size of a local header without its name and extra field, bytes.
pub const LOCAL_HEADER_BYTES: usize = 30;
const SIGNATURE: u32 = 0x0403_4b50;
/// Sizes and CRC stand behind the data, not in the header.
const DESCRIPTOR_FLAG: u16 = 1 << 3;

/// The part of a local header that says where the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalHeader {
    /// Size of the name behind the header, bytes.
    pub name_bytes: usize,
    /// Size of the extra field behind the name, bytes.
    pub extra_bytes: usize,
}

impl LocalHeader {
    /// Reads the header of `entry` and compares it with the central directory.
    ///
    /// # Errors
    /// [`ZipError`] if it is no local header or contradicts the directory: other readers would see another
    /// archive.
    pub fn parse(bytes: &[u8; LOCAL_HEADER_BYTES], entry: &Entry) -> Result<Self, ZipError> {
        if u32_at(bytes, 0) != SIGNATURE {
            return Err(ZipError::Signature("a local file header"));
        }
        let differs = |field| ZipError::LocalHeader { name: entry.name.clone(), field };
        let method = if entry.method == Method::Stored { 0 } else { 8 };
        if u16_at(bytes, 8) != method {
            return Err(differs("compression method"));
        }
        if u16_at(bytes, 6) & DESCRIPTOR_FLAG == 0 {
            if u32_at(bytes, 14) != entry.crc32 {
                return Err(differs("CRC"));
            }
            let narrow = |at, wide| [u32::MAX.into(), wide].contains(&u64::from(u32_at(bytes, at)));
            if !narrow(18, entry.compressed_size) || !narrow(22, entry.size) {
                return Err(differs("size"));
            }
        }
        Ok(Self { name_bytes: u16_at(bytes, 26).into(), extra_bytes: u16_at(bytes, 28).into() })
    }

    /// Compares the name behind the header with the central directory's.
    ///
    /// # Errors
    /// [`ZipError::LocalHeader`] if they differ.
    pub fn check_name(name: &[u8], entry: &Entry) -> Result<(), ZipError> {
        let differs = ZipError::LocalHeader { name: entry.name.clone(), field: "name" };
        if name == entry.raw_name { Ok(()) } else { Err(differs) }
    }
}
