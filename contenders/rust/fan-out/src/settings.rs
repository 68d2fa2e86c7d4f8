//! What the environment says.

use lambda_kit::Failure;
use lambda_kit::env::setting;
use zip_planner::{PartSizes, ShareSizes, WORKERS};

use crate::invoker::SelfInvoker;

/// Requests under way at once, streams apart: each has a connection, whose buffers take memory.
const CONCURRENCY: usize = 128;
/// Lambda takes 6 MB of a synchronous invocation's payload, with a margin. An answer is smaller than its message: it has a CRC
/// for each object's key, size and entity tag.
const MAX_MESSAGE: usize = 6_000_000;

/// How the work is divided. Tests scale it down.
#[derive(Debug, Clone, Copy)]
pub struct Division {
    /// Functions that work at once, this one included.
    pub workers: usize,
    /// Sizes of shares, and of their parts.
    pub shares: ShareSizes,
    /// Sizes of the parts of an archive that is not worth dividing.
    pub alone: PartSizes,
    /// The most that a message to a worker has, bytes.
    pub max_message: usize,
}

impl Division {
    /// For S3 and Lambda.
    pub const fn among(workers: usize) -> Self {
        Self { workers, shares: ShareSizes::S3, alone: PartSizes::S3, max_message: MAX_MESSAGE }
    }
}

/// Settings of the contender.
pub struct Settings {
    /// S3, and the limit of requests.
    pub s3: s3_client::Settings,
    /// How the work is divided.
    pub division: Division,
    /// What invokes this function.
    pub invoker: SelfInvoker,
}

impl Settings {
    /// Lambda's variables, and `WORKERS` if it is set.
    ///
    /// # Errors
    /// If one is missing or wrong.
    pub fn of_environment() -> Result<Self, Failure> {
        let workers = match std::env::var_os("WORKERS") {
            None => WORKERS,
            Some(_) => setting("WORKERS", "how many functions work at once, a whole number")?,
        };
        let s3 = s3_client::Settings::of_environment(CONCURRENCY)?;
        Ok(Self { s3, division: Division::among(workers), invoker: SelfInvoker::of_environment()? })
    }
}
