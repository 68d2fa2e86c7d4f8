//! The source objects as entries.

use lambda_kit::Object;
use zip_planner::Entry;

/// The entries that objects become: a flat archive has the last part of each key.
#[must_use]
pub fn entries(objects: &[Object]) -> Vec<Entry> {
    let entry = |object: &Object| Entry {
        key: object.key.clone(),
        name: object.base_name().to_owned(),
        size: object.size,
    };
    objects.iter().map(entry).collect()
}
