//! Why there is no archive, though S3 did what it was asked for.

use std::time::Duration;

use lambda_kit::Failure;
use s3_client::Failed;

/// Why an archive was given up.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive would contain itself.
    #[error(
        "the event's files_prefix is empty, and an archive of the whole bucket would contain itself: name the objects' prefix"
    )]
    NoPrefix,
    /// It would have taken longer than the function has.
    #[error("the archive was not finished in {:.1} s, so it was given up: raise the function's timeout or memory", .0.as_secs_f64())]
    OutOfTime(Duration),
    /// The environment is ended.
    #[error("the archive was given up, since Lambda ends the function's environment")]
    Terminated,
    /// A source object is another one than was listed.
    #[error(
        "a source object changed while the archive was made ({0}): run it again when nobody writes to the bucket"
    )]
    Changed(Failed),
    /// A source object is gone.
    #[error(
        "a source object was deleted while the archive was made ({0}): run it again when nobody writes to the bucket"
    )]
    Deleted(Failed),
    /// S3 has other bytes than were planned.
    #[error(
        "S3's checksum of the archive is not that of the plan, so there is no archive ({0}): run it again"
    )]
    OtherBytes(Failed),
}

/// What S3's error means for the archive.
#[must_use]
pub fn explained(failed: Failed) -> Failure {
    // The answer to a HEAD has a status only.
    match (failed.error.status(), failed.error.code()) {
        (412, _) => ArchiveError::Changed(failed).into(),
        (404, "NoSuchKey" | "HTTP status 404") => ArchiveError::Deleted(failed).into(),
        (_, "BadDigest") => ArchiveError::OtherBytes(failed).into(),
        _ => failed.into(),
    }
}
