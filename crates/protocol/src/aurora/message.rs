//! Messages of the queues: attributes with the names of the public load test, and ours.

/// What to execute: an [`Action`](super::Action)'s name.
pub const ACTION: &str = "Action";
/// How many units, 1 to [`MAX_STATEMENTS`].
pub const STATEMENTS: &str = "DMLS";
/// The host name of the endpoint.
pub const HOST: &str = "HOST";
/// The database's name.
pub const DATABASE: &str = "DBNAME";
/// The run that the message belongs to; ours, optional.
pub const RUN: &str = "RUN";
/// Rows in one INSERT statement, 1 to [`MAX_BATCH`](super::MAX_BATCH); ours, optional.
pub const BATCH: &str = "BATCH";

/// Units that one message may ask for.
pub const MAX_STATEMENTS: u32 = 10_000;
