//! What the function that fills a bucket takes and answers.

use serde::{Deserialize, Serialize};

/// What the bucket is to hold.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Request {
    /// Number of objects.
    pub count: u64,
    /// Mean size, bytes.
    pub mean_bytes: u64,
    /// The same seed gives the same bucket.
    pub seed: u64,
}

/// What the bucket holds, and what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// Objects under the prefix now.
    pub objects: u64,
    /// Their sizes' sum, bytes.
    pub bytes: u64,
    /// Objects written.
    pub added: u64,
    /// Objects removed.
    pub removed: u64,
}
