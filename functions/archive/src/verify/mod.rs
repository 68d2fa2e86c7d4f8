//! Whether an archive holds exactly the source objects: one sequential pass, in bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::LocalBoxFuture;
use lambda_kit::{Failure, SourceObjects};
use protocol::archive::{Verdict, VerifyRequest};

use crate::archive::Archive;
use crate::error::{InvalidArchive, VerifyError};
use crate::source::{RangedSource, S3Source};
use crate::zip::Entry;

/// Names shown when some are missing.
const SAMPLE: usize = 5;

/// The names that an archive's entries have to have, and for each the SHA-256 that its content may have, as lowercase
/// hexadecimal digits.
pub type Expected = BTreeMap<String, Vec<String>>;

/// Verifies the archive at `request.archive_key` against the source objects.
///
/// # Errors
/// S3's errors once the retries are used up.
#[must_use]
pub fn verify<'a>(
    sources: &'a SourceObjects,
    request: &'a VerifyRequest,
) -> LocalBoxFuture<'a, Result<Verdict, Failure>> {
    Box::pin(async move {
        let Some((source, size)) =
            S3Source::find(&sources.client, &sources.bucket, &request.archive_key).await?
        else {
            let reason = InvalidArchive::NoArchive(request.archive_key.clone()).to_string();
            return Ok(Verdict::Invalid { valid: false, reason });
        };
        let objects = sources.list().await?;
        let files = objects.iter().filter(|object| !object.is_folder_marker());
        // A source object is named by its content.
        let expected =
            files.map(|object| (object.base_name().to_owned(), vec![object.base_name().to_owned()]));
        match verify_archive(Arc::new(source), size, expected.collect()).await {
            Ok(entries) => Ok(Verdict::Valid { valid: true, entries, archive_bytes: size }),
            Err(VerifyError::Invalid(error)) => {
                Ok(Verdict::Invalid { valid: false, reason: error.to_string() })
            }
            Err(VerifyError::Source(error)) => Err(error.into()),
        }
    })
}

/// Verifies that the archive in `source`, of `size` bytes, has one good entry for each name that is expected
/// and no other, and returns how many entries that is. What the central directory tells is checked before any
/// content is read.
///
/// # Errors
/// [`VerifyError`]: the first thing that is wrong, or that the source cannot be read.
pub async fn verify_archive<S: RangedSource>(
    source: Arc<S>,
    size: u64,
    expected: Expected,
) -> Result<u64, VerifyError> {
    let (mut archive, mut entries) = Archive::open(source, size).await?;
    check_names(&entries, expected.keys().collect())?;
    entries.sort_unstable_by_key(|entry| entry.offset);
    for entry in &entries {
        let content = archive.digest(entry).await?;
        if !expected.get(&entry.name).is_some_and(|hashes| hashes.contains(&content.sha256)) {
            return Err(InvalidArchive::Hash { name: entry.name.clone(), computed: content.sha256 }.into());
        }
        if content.crc32 != entry.crc32 {
            return Err(InvalidArchive::Crc(entry.name.clone()).into());
        }
    }
    Ok(entries.len() as u64)
}

/// Whether a name stays a file's in the folder where the archive is unpacked, on Windows too.
fn is_safe(name: &str) -> bool {
    let mut characters = name.chars();
    let has_drive =
        characters.next().is_some_and(|first| first.is_ascii_alphabetic()) && characters.next() == Some(':');
    !has_drive && name != ".." && !name.contains(|c: char| c == '\\' || c.is_control())
}

fn check_names(entries: &[Entry], mut expected: BTreeSet<&String>) -> Result<(), InvalidArchive> {
    for Entry { name, .. } in entries {
        if name.contains('/') {
            return Err(InvalidArchive::Nested(name.clone()));
        }
        if !is_safe(name) {
            return Err(InvalidArchive::UnsafeName(name.clone()));
        }
        if !expected.remove(name) {
            return Err(InvalidArchive::Unknown(name.clone()));
        }
    }
    if expected.is_empty() {
        return Ok(());
    }
    Err(InvalidArchive::Missing {
        count: expected.len(),
        sample: expected.into_iter().take(SAMPLE).cloned().collect(),
    })
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
