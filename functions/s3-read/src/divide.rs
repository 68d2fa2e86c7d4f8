//! A bucket's listing, divided into slices that many generators send side by side.
//!
//! Whatever the bucket looks like, slices are ranges of keys, each from behind the last key of the one before: together they have
//! each key once. Folders only say where to divide, so that many parts can be listed at once; a bucket without any is one.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use lambda_kit::{Deadline, Failure, Start};
use protocol::load_generator::Task;
use protocol::s3_read::slices::{Division, DivisionRequest, SharedListing, Slice, SliceReport};
use tokio::time::timeout_at;

use crate::generator::{Generator, Work, modified_since};
use crate::listing::Listing;

/// Parts that are listed side by side, some at least where the bucket has as many folders.
const PARTS: usize = 64;
/// Requests under way at once.
const CONCURRENCY: usize = 32;
/// How deep folders are looked for.
const MAX_DEPTH: usize = 6;
/// Objects between two places at which a listing can be divided.
const OBJECTS_OF_MARK: u64 = 100;

/// What cannot be done with a listing.
#[derive(Debug, thiserror::Error)]
pub enum DivisionError {
    /// The bucket has too many objects for one invocation.
    #[error("s3://{0} could not be listed in the {1:?} of an invocation: list less of it, with a prefix")]
    OutOfTime(String, Duration),
    /// No such slice.
    #[error("worker is {0}, but there are {1} slices")]
    Worker(u64, usize),
}

/// A range of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// It starts behind it.
    after: String,
    /// Its last one; none for all.
    until: Option<String>,
}

/// A key, and the objects to send up to it, from behind the mark before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    key: String,
    objects: u64,
}

/// A part that was listed.
struct Listed {
    marks: Vec<Mark>,
    /// Objects that it had, with those that are not to be sent.
    objects: u64,
}

impl Generator {
    /// Divides a listing into slices of about as many objects each.
    ///
    /// # Errors
    /// S3's, once the retries are used up; or if the time is up.
    pub async fn divide(&self, request: DivisionRequest, remaining: Duration) -> Result<Division, Failure> {
        let (deadline, lists) = (Deadline::after(remaining), AtomicU64::new(0));
        let oldest = modified_since(request.modified_within_hours)?;
        let end = deadline.work();
        let listing = self.listing(&request.prefix, None, &lists);
        let work = Work { listing, oldest, max: u64::MAX, end };
        let listed = async {
            let parts = parts(&listing).await?;
            let parts = stream::iter(parts).map(|part| self.list_part(&work, part)).buffered(CONCURRENCY);
            parts.try_collect::<Vec<_>>().await
        };
        let Ok(listed) = timeout_at(end.into(), listed).await else {
            let url = format!("{}/{}", listing.bucket, request.prefix);
            return Err(DivisionError::OutOfTime(url, deadline.elapsed()).into());
        };
        let listed = listed?;
        let objects = listed.iter().map(|part| part.objects).sum();
        let parts = listed.iter().filter(|part| part.objects > 0).count() as u64;
        let marks: Vec<_> = listed.into_iter().flat_map(|part| part.marks).collect();
        let division = Division {
            slices: slices(&marks, request.slices, request.max_objects),
            modified_since: oldest,
            listed: objects,
            parts,
            lists: lists.load(Ordering::Relaxed),
            request_id: String::new(),
        };
        let (slices, elapsed) = (division.slices.len(), deadline.elapsed());
        tracing::info!(slices, parts, objects, lists = division.lists, ?elapsed, "divided");
        Ok(division)
    }

    /// Lists a part, and counts what is to be sent.
    async fn list_part(&self, work: &Work<'_>, part: Part) -> Result<Listed, Failure> {
        let listing = Listing { until: part.until.as_deref(), ..work.listing };
        let (mut listed, mut after, mut objects) = (Listed { marks: Vec::new(), objects: 0 }, part.after, 0);
        loop {
            let page = listing.page(&after).await?;
            listed.objects += page.objects.len() as u64;
            for object in page.objects.iter().filter(|object| work.wants(object) && self.can_name(object)) {
                objects += 1;
                if objects == OBJECTS_OF_MARK {
                    listed.marks.push(Mark { key: object.key.clone(), objects });
                    objects = 0;
                }
            }
            if let Some(last) = page.objects.into_iter().next_back() {
                after = last.key;
            }
            if !page.has_more {
                break;
            }
        }
        if objects > 0 {
            listed.marks.push(Mark { key: after, objects });
        }
        Ok(listed)
    }

    /// Sends a slice of a listing, once all of those who send one start.
    ///
    /// # Errors
    /// S3's or SQS's, once the retries are used up. What is sent by then is in the queue.
    pub async fn send_slice(
        &self,
        task: Task<SharedListing>,
        remaining: Duration,
    ) -> Result<SliceReport, Failure> {
        let deadline = Deadline::after(remaining);
        let (worker, listing) = (task.worker, &task.load);
        let Some((after, slice)) = listing.slice(worker) else {
            return Err(DivisionError::Worker(worker, listing.slices.len()).into());
        };
        let (start, lists) = (Start::of(&task).await, AtomicU64::new(0));
        let work = Work {
            listing: self.listing(&listing.prefix, slice.until.as_deref(), &lists),
            oldest: listing.modified_since,
            max: if listing.is_limited { slice.objects } else { u64::MAX },
            end: deadline.work(),
        };
        let report = self.generate(listing.run.clone(), &work, after.to_owned(), deadline).await?;
        Ok(SliceReport { worker, span: start.until_now(), report })
    }
}

/// Parts of a listing that are as many as its folders allow.
async fn parts(listing: &Listing<'_>) -> Result<Vec<Part>, Failure> {
    let (mut boundaries, mut level) = (BTreeSet::new(), vec![listing.prefix.to_owned()]);
    for _ in 0..MAX_DEPTH {
        let folders = stream::iter(level).map(|folder| async move { listing.folders(&folder).await });
        let found: Vec<Vec<String>> = folders.buffered(CONCURRENCY).try_collect().await?;
        level = thinned(found.concat(), PARTS);
        boundaries.extend(level.iter().cloned());
        if level.is_empty() || boundaries.len() >= PARTS {
            break;
        }
    }
    Ok(ranges(thinned(boundaries.into_iter().collect(), PARTS)))
}

/// So many at most, evenly from all of them.
fn thinned(all: Vec<String>, most: usize) -> Vec<String> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step).collect()
}

/// The ranges that ascending boundaries make of all keys.
fn ranges(boundaries: Vec<String>) -> Vec<Part> {
    let mut after = String::new();
    let mut parts: Vec<_> = boundaries
        .into_iter()
        .map(|until| Part { after: std::mem::replace(&mut after, until.clone()), until: Some(until) })
        .collect();
    parts.push(Part { after, until: None });
    parts
}

/// Slices of about as many objects each, so many at most, up to the last of `max` objects; 0 for all.
fn slices(marks: &[Mark], most: u64, max: u64) -> Vec<Slice> {
    let listed: u64 = marks.iter().map(|mark| mark.objects).sum();
    let total = if max == 0 { listed } else { listed.min(max) };
    let each = total.div_ceil(most.max(1));
    let (mut slices, mut objects, mut left) = (Vec::new(), 0, total);
    for mark in marks {
        if left == 0 {
            break;
        }
        let taken = mark.objects.min(left);
        objects += taken;
        left -= taken;
        if objects >= each || left == 0 {
            slices.push(Slice { until: Some(mark.key.clone()), objects: std::mem::take(&mut objects) });
        }
    }
    if let (0, Some(last)) = (max, slices.last_mut()) {
        // Objects that were not there yet, too.
        last.until = None;
    }
    slices
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Keys as listings have them: ascending, each once.
    fn keys() -> impl Strategy<Value = BTreeSet<String>> {
        prop::collection::btree_set("([ab/]{1,6}|\\PC{1,4})", 0..400)
    }

    /// Those of a range, in their order.
    fn within<'a>(keys: &'a BTreeSet<String>, after: &str, until: Option<&str>) -> Vec<&'a String> {
        let is_within =
            |key: &&String| key.as_str() > after && until.is_none_or(|until| key.as_str() <= until);
        keys.iter().filter(is_within).collect()
    }

    /// What listing a part makes of it, each object of which is to be sent but those with a `b`.
    fn marks(keys: &BTreeSet<String>, every: u64) -> Vec<Mark> {
        let (mut marks, mut objects) = (Vec::new(), 0);
        for key in keys {
            objects += u64::from(!key.contains('b'));
            if objects == every {
                marks.push(Mark { key: key.clone(), objects: std::mem::take(&mut objects) });
            }
        }
        marks.extend(keys.last().filter(|_| objects > 0).map(|key| Mark { key: key.clone(), objects }));
        marks
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Wherever folders divide a bucket, and whatever they are.
        #[test]
        fn parts_have_each_key_once(keys in keys(), boundaries in keys(), most in 1_usize..80) {
            let parts = ranges(thinned(boundaries.into_iter().collect(), most));
            prop_assert!(parts.len() <= most + 1);
            let listed: Vec<_> =
                parts.iter().flat_map(|part| within(&keys, &part.after, part.until.as_deref())).collect();
            prop_assert_eq!(listed, keys.iter().collect::<Vec<_>>());
        }

        #[test]
        fn slices_have_each_object_once_and_no_more_than_are_wanted(
            keys in keys(),
            every in 1_u64..20,
            most in 1_u64..50,
            max in prop_oneof![Just(0_u64), 1_u64..500],
        ) {
            let wanted: Vec<&String> = keys.iter().filter(|key| !key.contains('b')).collect();
            let load = SharedListing {
                run: "r".to_owned(),
                prefix: String::new(),
                modified_since: None,
                is_limited: max > 0,
                slices: slices(&marks(&keys, every), most, max),
            };
            prop_assert!(load.slices.len() as u64 <= most);
            prop_assert!(load.slices.iter().all(|slice| slice.objects > 0));
            let mut sent = Vec::new();
            for worker in 0..load.slices.len() as u64 {
                let (after, slice) = load.slice(worker).unwrap();
                let of_slice = within(&keys, after, slice.until.as_deref());
                let mut of_slice: Vec<_> = of_slice.into_iter().filter(|key| !key.contains('b')).collect();
                if load.is_limited {
                    of_slice.truncate(usize::try_from(slice.objects).unwrap());
                } else {
                    prop_assert_eq!(of_slice.len() as u64, slice.objects);
                }
                sent.extend(of_slice);
            }
            let most = if max == 0 { wanted.len() } else { wanted.len().min(usize::try_from(max).unwrap()) };
            prop_assert_eq!(sent, &wanted[..most]);
        }
    }

    #[test]
    fn slices_are_alike_as_far_as_marks_allow() {
        let marks: Vec<_> =
            (0..40).map(|number| Mark { key: format!("{number:02}"), objects: 100 }).collect();
        let sizes = |most, max| slices(&marks, most, max).iter().map(|one| one.objects).collect::<Vec<_>>();
        assert_eq!(sizes(4, 0), [1000; 4]);
        assert_eq!(sizes(3, 0), [1400, 1400, 1200]);
        assert_eq!(sizes(4, 250), [100, 100, 50]);
        assert_eq!(slices(&marks, 4, 250)[2].until.as_deref(), Some("02"));
        assert_eq!(slices(&marks, 4, 0)[3].until, None);
        assert_eq!(slices(&[], 4, 0), []);
    }

    #[test]
    fn a_slice_that_there_is_not_has_no_range() {
        let slices =
            vec![Slice { until: Some("k".to_owned()), objects: 1 }, Slice { until: None, objects: 2 }];
        let load = SharedListing {
            run: "r".to_owned(),
            prefix: "p".to_owned(),
            modified_since: None,
            is_limited: false,
            slices,
        };
        let after = |worker| load.slice(worker).map(|(after, slice)| (after, slice.objects));
        assert_eq!([0, 1, 2].map(after), [Some(("", 1)), Some(("k", 2)), None]);
    }
}
