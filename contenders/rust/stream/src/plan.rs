//! What goes into the archive, and into parts of which size it is cut.

use std::collections::HashMap;

use lambda_kit::Object;

/// A smaller part costs a request without making anything faster; a larger one costs memory.
const MIN_PART_BYTES: u64 = 16 << 20;
/// Parts an upload may have, with a margin: S3 takes 10,000.
const PARTS: u64 = 9_900;
/// What S3 takes as one object, bytes.
const MAX_ARCHIVE_BYTES: u64 = 5 << 40;
/// An entry's headers, descriptor and ZIP64 fields without its name, which stands in two of them; never more
/// than this.
const ENTRY_OVERHEAD: u64 = 200;
/// The end records; never more than this.
const END_OVERHEAD: u64 = 100;
/// Limits of an archive without ZIP64.
const PLAIN_BYTES: u64 = u32::MAX as u64;
const PLAIN_ENTRIES: usize = u16::MAX as usize;

/// The archive to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its entries, in order.
    pub objects: Vec<Object>,
    /// Size of its parts, bytes.
    pub part_bytes: usize,
    /// Whether one part holds all of it.
    pub single_part: bool,
    /// Whether its size or number of entries may need ZIP64.
    pub zip64: bool,
}

/// Objects that no archive can be made of.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Two objects would become entries of the same name.
    #[error("'{0}' and '{1}' have the same base name, so a flat archive cannot hold both: rename one")]
    SameName(String, String),
    /// S3 does not take archives of this size.
    #[error(
        "the archive would have up to {0} bytes, but S3 takes at most {MAX_ARCHIVE_BYTES}: archive fewer objects"
    )]
    TooLarge(u64),
    /// The parts do not fit into memory.
    #[error("the archive needs parts of {0} bytes, which this machine cannot address")]
    PartTooLarge(u64),
}

impl Plan {
    /// Plans the archive of `objects`; those that only stand for folders are left out.
    ///
    /// # Errors
    /// [`PlanError`] if two objects have the same base name, or if the archive would be too large.
    pub fn new(mut objects: Vec<Object>) -> Result<Self, PlanError> {
        objects.retain(|object| !object.is_folder_marker());
        let mut names = HashMap::with_capacity(objects.len());
        for object in &objects {
            if let Some(other) = names.insert(object.base_name(), object) {
                return Err(PlanError::SameName(other.key.clone(), object.key.clone()));
            }
        }
        let bytes = objects.iter().map(entry_bytes).sum::<u64>() + END_OVERHEAD;
        if bytes > MAX_ARCHIVE_BYTES {
            return Err(PlanError::TooLarge(bytes));
        }
        let part_bytes = MIN_PART_BYTES.max(bytes.div_ceil(PARTS));
        let zip64 = bytes > PLAIN_BYTES || objects.len() >= PLAIN_ENTRIES;
        let single_part = bytes <= part_bytes;
        let part_bytes = usize::try_from(part_bytes).map_err(|_| PlanError::PartTooLarge(part_bytes))?;
        Ok(Self { objects, part_bytes, single_part, zip64 })
    }
}

/// The most that an object's entry can take.
fn entry_bytes(object: &Object) -> u64 {
    object.size + ENTRY_OVERHEAD + 2 * object.base_name().len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(count: usize, size: u64) -> Vec<Object> {
        (0..count).map(|index| Object { key: format!("files/{index}"), size, etag: String::new() }).collect()
    }

    #[test]
    fn no_objects_make_a_small_archive() {
        let plan = Plan::new(Vec::new()).unwrap();
        assert!(plan.single_part && !plan.zip64);
    }

    #[test]
    fn folder_markers_are_no_entries() {
        let marker = Object { key: "files/".to_owned(), size: 0, etag: String::new() };
        assert_eq!(Plan::new(vec![marker]).unwrap().objects, []);
    }

    #[test]
    fn two_objects_of_one_name_are_refused_rather_than_one_lost() {
        let object = |key: &str| Object { key: key.to_owned(), size: 1, etag: String::new() };
        let error = Plan::new(vec![object("files/a/x"), object("files/b/x")]).unwrap_err();
        assert_eq!(error, PlanError::SameName("files/a/x".to_owned(), "files/b/x".to_owned()));
    }

    #[test]
    fn no_archive_needs_more_parts_than_s3_takes() {
        for (count, size) in [(3_000, 5 << 20), (100_000, 1 << 20), (1_000, 5 << 30)] {
            let plan = Plan::new(objects(count, size)).unwrap();
            let bytes = count as u64 * (size + ENTRY_OVERHEAD + 20);
            assert!(bytes.div_ceil(plan.part_bytes as u64) <= 10_000, "{count} × {size}");
            assert!(plan.zip64 && !plan.single_part);
        }
        assert!(matches!(Plan::new(objects(2_000, 5 << 30)), Err(PlanError::TooLarge(_))));
    }

    #[test]
    fn many_tiny_objects_need_zip64_for_their_number() {
        assert!(!Plan::new(objects(65_534, 0)).unwrap().zip64);
        assert!(Plan::new(objects(65_535, 0)).unwrap().zip64);
    }
}
