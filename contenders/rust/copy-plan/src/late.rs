//! Copies that all else waits for are sent twice.
//!
//! An archive is there when its slowest part is. Of many chains of requests the latest to reach a stage is the likeliest to
//! be that one, so the last few copies of each stage are asked for twice, and the first answer counts. The two have part
//! numbers of their own: the one that isn't named when the upload is completed is dropped by S3.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{Either, select};
use s3_wire::{Failed, Sent};
use zip_plan::{Object, Origin, Part, Plan};

/// Of the copies of a stage so many are sent twice at most, and one in so many.
const MOST: usize = 32;
const ONE_IN: usize = 6;
/// Each part needs two of S3's 10,000 numbers.
const MAX_PARTS: usize = 5_000;

/// The copies of one stage: those into temporary objects, or those into the archive.
pub struct Stage {
    begun: AtomicUsize,
    on_time: usize,
}

impl Stage {
    /// The stage in which these objects are put together.
    pub fn new<'a>(plan: &Plan, objects: impl Iterator<Item = &'a Object>) -> Self {
        let of_parts = |part: &&Part| match part {
            Part::Copy { origin: Origin::Temporary(temporary), .. } => {
                matches!(plan.temporaries[*temporary], Object::Parts(_))
            }
            _ => false,
        };
        let copies = objects.map(|object| match object {
            Object::Parts(parts) => parts.iter().filter(of_parts).count(),
            Object::Put(_) => 0,
        });
        let copies: usize = copies.sum();
        Self { begun: AtomicUsize::new(0), on_time: copies - (copies / ONE_IN).min(MOST) }
    }

    /// A copy begins, since what it copies is there: whether it is one of the last.
    pub fn is_late(&self) -> bool {
        self.begun.fetch_add(1, Ordering::Relaxed) >= self.on_time
    }
}

/// The numbers of a part, counted from 0, of so many.
pub fn numbers(part: usize, parts: usize) -> (usize, Option<usize>) {
    if parts > MAX_PARTS { (part + 1, None) } else { (2 * part + 1, Some(2 * part + 2)) }
}

/// The first of two to succeed.
pub async fn first(
    one: impl Future<Output = Result<Sent, Failed>>,
    other: impl Future<Output = Result<Sent, Failed>>,
) -> Result<Sent, Failed> {
    match select(Box::pin(one), Box::pin(other)).await {
        Either::Left((Err(_), rest)) => rest.await,
        Either::Right((Err(_), rest)) => rest.await,
        Either::Left((sent, _)) | Either::Right((sent, _)) => sent,
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use s3_wire::Error;

    use super::*;

    #[test]
    fn numbers_stay_within_s3_s_limit_and_in_order() {
        for parts in [1, 5_000, 5_001, 10_000] {
            let all: Vec<_> = (0..parts).map(|part| numbers(part, parts)).collect();
            let flat: Vec<_> = all.iter().flat_map(|(one, other)| [Some(*one), *other]).flatten().collect();
            assert!(flat.is_sorted() && flat[0] == 1 && flat[flat.len() - 1] <= 10_000, "{parts}");
        }
    }

    #[tokio::test]
    async fn a_copy_that_fails_leaves_it_to_the_other() {
        let sent = |number| Ok(Sent { number, etag: String::new(), crc: None });
        let failed = || Err(Failed { doing: String::new(), error: Error::Stopped });
        assert_eq!(first(ready(failed()), ready(sent(2))).await, sent(2));
        assert_eq!(first(ready(sent(1)), ready(failed())).await, sent(1));
        assert_eq!(first(std::future::pending(), ready(sent(2))).await, sent(2));
        assert_eq!(first(ready(failed()), ready(failed())).await, failed());
    }
}
