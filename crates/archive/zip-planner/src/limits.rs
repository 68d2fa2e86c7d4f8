//! S3's limits on what is written in parts.

/// What S3 takes. Tests scale it down, so that an archive of many parts has few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Smallest part of an upload, the last one excepted; also the largest object that no range can be copied of, bytes.
    pub min_part: u64,
    /// Largest part, largest copy and largest object that is written at once, bytes. At least twice `min_part`.
    pub max_part: u64,
    /// Parts of one upload.
    pub max_parts: usize,
    /// Largest object, bytes.
    pub max_object: u64,
}

impl Limits {
    /// Those of S3: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
    pub const S3: Self =
        Self { min_part: 5 << 20, max_part: 5 << 30, max_parts: 10_000, max_object: 5 << 40 };
}
