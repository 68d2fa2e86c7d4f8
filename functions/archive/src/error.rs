//! What can be wrong with an archive, and what can prevent a verdict.

use protocol::archive::NO_ARCHIVE;

use crate::source::SourceError;
use crate::zip::ZipError;

/// What is wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidArchive {
    /// There is none.
    #[error("{NO_ARCHIVE} '{0}'")]
    NoArchive(String),
    /// It is no readable ZIP archive.
    #[error("invalid: archive unreadable: {0}")]
    Unreadable(#[from] ZipError),
    /// An entry's name has a folder.
    #[error("invalid: archive contains nested path '{0}', flat layout required")]
    Nested(String),
    /// An entry's name is a path or no file's name for some who unpack the archive.
    #[error(
        "invalid: archive contains the name {0:?}, which leads elsewhere on Windows (backslash, drive letter) or has control characters"
    )]
    UnsafeName(String),
    /// An entry stands for no source object, or for one that another entry stands for.
    #[error("invalid: unknown or duplicate object in archive: '{0}'")]
    Unknown(String),
    /// Source objects without an entry.
    #[error("invalid: archive missing {count} expected object(s) (sample: {sample:?})")]
    Missing {
        /// How many.
        count: usize,
        /// The first of them.
        sample: Vec<String>,
    },
    /// The content is not what the entry's name says.
    #[error("invalid: content hash mismatch for '{name}': computed {computed}")]
    Hash {
        /// The entry.
        name: String,
        /// The SHA-256 of its content.
        computed: String,
    },
    /// The content is right, but the archive says otherwise.
    #[error("invalid: CRC mismatch for '{0}'")]
    Crc(String),
}

/// Why there is no verdict of "valid".
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The archive is wrong.
    #[error(transparent)]
    Invalid(#[from] InvalidArchive),
    /// The archive could not be read, which says nothing about it.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl From<ZipError> for VerifyError {
    fn from(error: ZipError) -> Self {
        Self::Invalid(error.into())
    }
}
