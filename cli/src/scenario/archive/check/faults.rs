//! How badly S3 behaves, in the terms of the S3 model's faults.

use serde::Serialize;
use serde_json::{Value, json};

/// S3's behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Faults {
    /// None.
    None,
    /// 30 % of all requests are answered 503.
    SlowDown,
    /// Answers 500, connections that are reset, bodies that end early.
    Broken,
}

/// A listing takes so long that what it lists can be changed before anybody has read it, s: also while other cases take the
/// processors.
const LISTING: f64 = 6.0;
/// Longer than any function of the check may take, s.
const FOREVER: f64 = 600.0;

impl Faults {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::SlowDown, Self::Broken];

    /// As a column's head.
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "as it is",
            Self::SlowDown => "30 % answered 503",
            Self::Broken => "25 % broken",
        }
    }

    /// The model's rules.
    pub fn rules(self) -> Value {
        match self {
            Self::None => json!([]),
            Self::SlowDown => json!([{ "kind": "503", "rate": 0.3 }]),
            Self::Broken => json!([
                { "kind": "500", "rate": 0.05 },
                { "kind": "reset", "rate": 0.1 },
                { "kind": "truncate", "rate": 0.1 },
            ]),
        }
    }
}

/// Listings that pause half way.
pub fn slow_listings() -> Value {
    json!([{ "kind": "stall", "seconds": LISTING, "operations": ["ListObjects", "ListObjectsV2"] }])
}

/// Half of the requests with objects' bytes never end.
pub fn stalled_bytes() -> Value {
    let operations = ["CopyObject", "GetObject", "PutObject", "UploadPart", "UploadPartCopy"];
    json!([{ "kind": "stall", "seconds": FOREVER, "rate": 0.5, "operations": operations }])
}
