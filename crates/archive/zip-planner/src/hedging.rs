//! Hedged requests: copies that are sent twice, since all else waits for them.
//!
//! An archive is there when its slowest part is. Of many chains of requests the latest to reach a stage is the likeliest to
//! be that one, so the last few copies of each stage are sent twice, and the first answer counts.

use crate::plan::{CopySource, Object, Part, Plan};

/// Of the copies of a stage so many are sent twice at most, and one in so many.
const MOST: usize = 32;
const ONE_IN: usize = 6;

/// The copies of a stage whose sources are put together first: those into temporary objects, or those into the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// All of them.
    pub copies: usize,
    /// So many of them, the last to start, are sent twice.
    pub hedged: usize,
}

impl Plan {
    /// The stages: copies into temporary objects, and into the archive.
    #[must_use]
    pub fn stages(&self) -> [Stage; 2] {
        [self.stage(&self.temporaries), self.stage(std::slice::from_ref(&self.archive))]
    }

    fn stage(&self, objects: &[Object]) -> Stage {
        let parts = objects.iter().filter_map(|object| match object {
            Object::Parts(parts) if have_second_numbers(parts.len()) => Some(parts),
            _ => None,
        });
        let copies = parts.flatten().filter(|part| self.is_copy_of_parts(part)).count();
        Stage { copies, hedged: (copies / ONE_IN).min(MOST) }
    }

    /// Whether a part is copied from a temporary object that is itself put together of parts.
    #[must_use]
    pub fn is_copy_of_parts(&self, part: &Part) -> bool {
        let Part::Copy { source: CopySource::Temporary(temporary), .. } = part else { return false };
        matches!(self.temporaries[*temporary], Object::Parts(_))
    }
}

/// A part that is sent twice needs two of S3's 10,000 numbers.
fn have_second_numbers(parts: usize) -> bool {
    parts <= 5_000
}

/// The numbers of part `part`, counted from 0, of `parts`: the second is for when it is sent twice. S3 drops the one that
/// isn't named when the upload is completed.
#[must_use]
pub fn numbers(part: usize, parts: usize) -> (usize, Option<usize>) {
    if have_second_numbers(parts) { (2 * part + 1, Some(2 * part + 2)) } else { (part + 1, None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_s3_s_limit_and_in_order() {
        for parts in [1, 5_000, 5_001, 10_000] {
            let all: Vec<_> = (0..parts).map(|part| numbers(part, parts)).collect();
            let flat: Vec<_> = all.iter().flat_map(|(one, other)| [Some(*one), *other]).flatten().collect();
            assert!(flat.is_sorted() && flat[0] == 1 && flat[flat.len() - 1] <= 10_000, "{parts}");
        }
    }
}
