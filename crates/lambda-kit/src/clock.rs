//! The time that is compared between functions.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, µs since 1970.
#[must_use]
pub fn now_us() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or_default()
}
