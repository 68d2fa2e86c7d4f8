//! S3's limits on what is written in parts.

use std::ops::Range;

use crate::plan::{CopySource, Part};

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

impl Limits {
    /// A range in as few copies as S3 allows, all about as large.
    pub(crate) fn copies(&self, source: CopySource, range: Range<u64>) -> Vec<Part> {
        let bytes = range.end - range.start;
        let count = bytes.div_ceil(self.max_part).max(1);
        let at = |part: u64| {
            let share = u128::from(bytes) * u128::from(part) / u128::from(count);
            range.start + u64::try_from(share).unwrap_or(bytes)
        };
        (0..count).map(|part| Part::Copy { source, range: at(part)..at(part + 1) }).collect()
    }
}
