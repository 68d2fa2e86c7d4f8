//! The source objects as entries.

use lambda_kit::Object;
use s3_wire::{Failed, S3};
use zip_plan::Entry;

/// The objects to be archived: all below a prefix (without the slash at its end) that don't only stand for a folder.
///
/// # Errors
/// S3's, once the attempts are used up.
pub async fn files(s3: &S3, prefix: &str) -> Result<Vec<Object>, Failed> {
    let mut objects = s3.list(&format!("{prefix}/"), None).await?.objects;
    objects.retain(|object| !object.is_folder_marker());
    Ok(objects)
}

/// Their entries: a flat archive has the last part of each key.
#[must_use]
pub fn entries(objects: &[Object]) -> Vec<Entry> {
    let entry = |object: &Object| Entry {
        key: object.key.clone(),
        name: object.base_name().to_owned(),
        size: object.size,
    };
    objects.iter().map(entry).collect()
}
