//! The part of a result file that only one scenario has: a module and a variant each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::memory_sweep::MemorySweep;

pub mod archive;
pub mod aurora;
pub mod pipeline;
pub mod s3_read;
pub mod splitter;

/// A load is kept up with as long as this share of it is completed.
pub const KEEPS_UP: f64 = 0.95;

/// Whether what was offered per second was completed, but for a few per cent.
#[must_use]
pub fn keeps_up(offered: f64, completed: f64) -> bool {
    completed >= KEEPS_UP * offered
}

/// What the functions cost that sent the load of a run, which are no part of what is measured.
pub const COST_OF_LOAD: &str = "the load generator, for this run";

/// The functions that sent the messages of a run together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Senders {
    /// How many there were.
    pub count: u64,
    /// Those of them that ended without a report.
    pub lost: u64,
    /// Those that weren't ready when the others started.
    pub late: u64,
    /// How long after the start the last one was ready, ms.
    pub latest_ms: f64,
    /// Messages that they had to send and that are not known to have been sent, those of lost functions included.
    pub unsent: u64,
    /// From the start of all of them until the last one had sent its part, s.
    pub seconds: f64,
}

/// Whether a count is left out, as files had none of the kind before.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The part that only one scenario has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// The archive contest's ranking.
    Archive(archive::Contest),
    /// The load on a database.
    Aurora(aurora::Load),
    /// The messages on their way through the pipeline.
    Pipeline(Box<pipeline::Delivery>),
    /// The objects of a bucket, read by functions.
    S3Read(s3_read::Reading),
    /// The items of an event.
    Splitter(splitter::Splitting),
    /// Any of these with several memory sizes: each size has its own.
    #[serde(rename = "memory_sweep")]
    MemorySweep(MemorySweep),
}
