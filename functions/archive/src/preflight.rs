//! Checks before a contest that the source bucket holds what the contest is about.

use futures::future::LocalBoxFuture;
use lambda_kit::{Failure, SourceObjects};
use serde::Serialize;

/// What the contenders will find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SourceTotals {
    /// Objects under the prefix.
    pub objects: u64,
    /// Their sizes' sum, bytes.
    pub bytes: u64,
}

/// A source bucket that does not hold what it should.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "source bucket '{bucket}' holds {found} of {expected} objects under '{prefix}': \
     run the fillCommand of \"pulumi stack output environment\" to refill it"
)]
pub struct SourceMismatch {
    bucket: String,
    prefix: String,
    found: u64,
    expected: u64,
}

/// Counts the source objects.
///
/// # Errors
/// [`SourceMismatch`] unless there are exactly `expected`; S3's errors once the retries are used up.
#[must_use]
pub fn preflight(source: &SourceObjects, expected: u64) -> LocalBoxFuture<'_, Result<SourceTotals, Failure>> {
    Box::pin(async move {
        let mut objects = source.list().await?;
        objects.retain(|object| !object.is_folder_marker());
        let found = objects.len() as u64;
        if found != expected {
            let (bucket, prefix) = (source.bucket.clone(), source.key_prefix());
            return Err(SourceMismatch { bucket, prefix, found, expected }.into());
        }
        Ok(SourceTotals { objects: found, bytes: objects.iter().map(|object| object.size).sum() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_emptied_behind_our_back_is_named_with_the_way_to_refill_it() {
        let (bucket, prefix) = ("source".to_owned(), "files/".to_owned());
        assert_eq!(
            SourceMismatch { bucket, prefix, found: 24, expected: 25 }.to_string(),
            "source bucket 'source' holds 24 of 25 objects under 'files/': \
             run the fillCommand of \"pulumi stack output environment\" to refill it"
        );
    }
}
