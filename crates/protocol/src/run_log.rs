//! The run log: a table with an entry for each item of each run; times are µs since 1970.

/// The run; with [`ITEM`] the key.
pub const RUN: &str = "run";
/// The item.
pub const ITEM: &str = "item";
/// When its message was sent.
pub const QUEUED_US: &str = "queued_us";
/// When the latest attempt started.
pub const STARTED_US: &str = "started_us";
/// When it was done.
pub const ENDED_US: &str = "ended_us";
/// Until when the latest attempt has it for itself.
pub const CLAIMED_UNTIL_US: &str = "claimed_until_us";
/// How many attempts were started.
pub const ATTEMPTS: &str = "attempts";
/// The request that did it, or does.
pub const WORKER: &str = "worker";
/// Whether that was its environment's first.
pub const COLD: &str = "cold";
/// The items behind it, where it stands for several.
pub const COUNT: &str = "count";
/// When the entry may go, s since 1970: the table's time to live.
pub const EXPIRES: &str = "expires";
