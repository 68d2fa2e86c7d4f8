//! Reading ZIP archives strictly and in bounded memory: the central directory first, then each entry where it
//! lies.
//!
//! Why not `async_zip`: its new reader refuses archives above 4 GiB whose ZIP64 field holds only an offset, its old one is
//! deprecated and ignores encryption. Written for verifying, so it shares no code with what contenders may write archives
//! with, and refuses what readers disagree about. Section numbers are those of PKWARE's APPNOTE.TXT 6.3.10.

mod directory;
mod end;
mod fields;
mod local;

pub use directory::{Entry, Method, parse_directory};
pub use end::{End, MAX_END_BYTES, find_end};
pub use local::{LOCAL_HEADER_BYTES, LocalHeader};

/// Why an archive cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// No record marks the end.
    #[error("no end of central directory record: not a ZIP archive, or cut short")]
    NoEnd,
    /// A record lies outside the archive or overlaps another.
    #[error("{0} lies outside the archive: it is cut short, or its offsets are wrong")]
    Outside(&'static str),
    /// Something else stands where a record should.
    #[error("{0} has a wrong signature")]
    Signature(&'static str),
    /// A ZIP64 value is announced, but not there.
    #[error("'{0}' lacks a ZIP64 size or offset")]
    NoZip64(String),
    /// The directory does not hold as many entries as the end record says.
    #[error("the central directory holds {found} entries, but the end record says {stated}")]
    Count {
        /// Entries in the directory.
        found: u64,
        /// Entries in the end record.
        stated: u64,
    },
    /// Split over several files.
    #[error("it is split over several volumes")]
    Volumes,
    /// Encrypted.
    #[error("'{0}' is encrypted")]
    Encrypted(String),
    /// Neither stored nor deflated.
    #[error("'{name}' has unsupported compression method {method}: use stored (0) or deflate (8)")]
    Compression {
        /// The entry.
        name: String,
        /// The method's number (4.4.5).
        method: u16,
    },
    /// The local header contradicts the central directory.
    #[error("the local header of '{name}' has a different {field} than the central directory")]
    LocalHeader {
        /// The entry.
        name: String,
        /// What differs.
        field: &'static str,
    },
    /// The entry's data does not end where the directory says.
    #[error("'{name}' has {found} bytes of content, but the central directory says {stated}")]
    Size {
        /// The entry.
        name: String,
        /// Bytes read.
        found: u64,
        /// Bytes stated.
        stated: u64,
    },
    /// The entry's data cannot be inflated.
    #[error("cannot inflate '{name}': {cause}")]
    Inflate {
        /// The entry.
        name: String,
        /// What the decoder said.
        cause: String,
    },
}
