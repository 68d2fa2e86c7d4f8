//! Why there is no archive, though S3 did what it was asked for.

use std::time::Duration;

/// Why an archive was given up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The archive would contain itself.
    #[error(
        "the event's files_prefix is empty, and an archive of the whole bucket would contain itself: name the objects' prefix"
    )]
    NoPrefix,
    /// `async_zip` cannot write it.
    #[error(
        "the object {0} has 4 GiB or more, for which async_zip writes a wrong data descriptor: leave it out"
    )]
    TooLarge(String),
    /// It would have taken longer than the function has.
    #[error("the archive was not finished in {:.1} s, so it was given up: raise the function's timeout or memory", .0.as_secs_f64())]
    OutOfTime(Duration),
    /// A source object is another one than was listed.
    #[error(
        "a source object changed while the archive was made ({0}): run it again when nobody writes to the bucket"
    )]
    Changed(String),
    /// A source object is gone.
    #[error(
        "a source object was deleted while the archive was made ({0}): run it again when nobody writes to the bucket"
    )]
    Deleted(String),
    /// A body ended early, again and again.
    #[error("cannot read {key} in {attempts} attempts: {cause}")]
    Unread {
        /// The object's key.
        key: String,
        /// How often it was tried.
        attempts: u32,
        /// The last attempt's error.
        cause: String,
    },
    /// The upload's task is gone.
    #[error("the upload of a part has ended without a result: {0}")]
    Upload(String),
}
