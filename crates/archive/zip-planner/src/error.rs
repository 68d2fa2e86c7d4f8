//! Why objects cannot become an archive.

/// No archive can be made of these objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Two objects would become entries of the same name.
    #[error("'{0}' and '{1}' have the same base name, so a flat archive cannot hold both: rename one")]
    SameName(String, String),
    /// The name means a folder to whoever unpacks the archive, on Windows perhaps, or holds control characters.
    #[error(
        "{0:?} would become an entry with a name that no file can have (it is empty or a folder, or has a \
         backslash, a drive letter or control characters): rename it"
    )]
    Name(String),
    /// A ZIP archive has 16 bits for a name's length.
    #[error("the base name of '{0}' has more than 65535 bytes, which a ZIP archive cannot hold: rename it")]
    LongName(String),
    /// S3 doesn't take it.
    #[error("the archive would have {bytes} bytes, but S3 takes at most {max}: archive fewer objects")]
    TooLarge {
        /// Size of the archive, bytes.
        bytes: u64,
        /// S3's limit, bytes.
        max: u64,
    },
    /// No upload can hold the archive.
    #[error("the archive would need {parts} parts, but S3 takes at most {max}: archive fewer objects")]
    TooManyParts {
        /// Parts of the upload.
        parts: usize,
        /// S3's limit.
        max: usize,
    },
}
