//! The part of a result file that only one scenario has: a module and a variant each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::memory_sweep::MemorySweep;

pub mod archive;
pub mod aurora;
pub mod pipeline;
pub mod s3_read;
pub mod splitter;

/// What the functions cost that sent the load of a run, which are no part of what is measured.
pub const COST_OF_LOAD: &str = "the load generator, for this run";

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
