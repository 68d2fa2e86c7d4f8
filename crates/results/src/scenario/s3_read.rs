//! The part of a result file that belongs to reading S3 by presigned URLs and by the SDK.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Senders, is_zero};
use crate::billing_log::FunctionUse;
use protocol::histogram::Latency;
use protocol::s3_read::Variant;

/// How functions read the objects of a bucket, by one variant or both, with one memory size or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// What was to be read.
    pub request: Request,
    /// One after the other.
    pub runs: Vec<ReadRun>,
}

/// What was to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The bucket.
    pub bucket: String,
    /// What the keys were to start with.
    pub prefix: String,
    /// Only objects that were modified so many hours ago or later; 0 for all.
    pub modified_within_hours: f64,
    /// Objects at most; 0 for no limit.
    pub max_objects: u64,
    /// What they were hashed with: `md5`, `crc32` or `sha256`.
    pub hash: String,
    /// Functions that were to send the messages together, at most; none if one alone was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u64>,
}

/// All objects by one variant, with one memory size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReadRun {
    /// The run's name in the table of what was read: its items have the key `<run>#<variant>`.
    pub run: String,
    /// How they were read.
    pub variant: Variant,
    /// Memory of each reader, MB.
    pub memory_mb: u64,
    /// What the generator says.
    pub listing: Listing,
    /// What became of the objects.
    pub objects: Objects,
    /// What was read, bytes.
    pub bytes: u64,
    /// From the start of the first object to the end of the last one that was read, s; none if nothing was.
    pub seconds: Option<f64>,
    /// `bytes` by `seconds`, in MB of 1,000,000 bytes; none if nothing was read.
    pub mb_per_second: Option<f64>,
    /// Environments of the reader that have read objects.
    pub functions: u64,
    /// The time in which each of them had an object under way, added up, s.
    pub busy_seconds: f64,
    /// `bytes` by `busy_seconds`, in MB: what one function reads while it reads.
    pub mb_per_second_per_function: Option<f64>,
    /// From asking for an object to its first byte, but in an environment's first invocation.
    pub first_byte_ms: Option<Latency>,
    /// From asking for an object to its last byte, hashed; but in an environment's first invocation.
    pub total_ms: Option<Latency>,
    /// To the first byte, in the first invocation of an environment.
    pub cold_first_byte_ms: Option<Latency>,
    /// To the last byte, in the first invocation of an environment.
    pub cold_total_ms: Option<Latency>,
    /// The generator's and the reader's invocations; one is missing if its REPORT lines are.
    pub invocations: Vec<FunctionUse>,
}

/// What the generator did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Listing {
    /// Invocations that it took.
    pub calls: u64,
    /// Objects that it looked at.
    pub listed: u64,
    /// Those of them that were not sent: empty ones, folder markers, older ones, and the unsendable.
    pub skipped: u64,
    /// Those that a message of this variant cannot name.
    pub unsendable: u64,
    /// Messages in the queue, one an object.
    pub sent: u64,
    /// What these objects have by the listing, bytes.
    pub bytes: u64,
    /// How long it took, s.
    pub seconds: f64,
    /// LIST requests that it took; none in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<u64>,
    /// How it was divided among functions; none if one sent it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<Division>,
}

/// A listing that functions sent together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Division {
    /// Parts of the bucket, by its folders, that were listed side by side to divide it.
    pub parts: u64,
    /// How long that took, s.
    pub seconds: f64,
    /// Those who sent it.
    pub senders: Senders,
}

/// What became of the objects: those sent are `read`, `dead_lettered`, `lost` and `interrupted` together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Objects {
    /// Read, hashed and in the table.
    pub read: u64,
    /// In the dead-letter queue, and not read.
    pub dead_lettered: u64,
    /// Why, by kind.
    pub failures: BTreeMap<String, u64>,
    /// Read, but in the dead-letter queue all the same.
    pub dead_lettered_read: u64,
    /// Neither read nor in the dead-letter queue.
    pub lost: u64,
    /// Not read because the user ended the run: they were removed from the queue.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interrupted: u64,
    /// Read at the first request of the attempt that read them.
    pub first_try: u64,
}
