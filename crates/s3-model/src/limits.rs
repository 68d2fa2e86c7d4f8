//! Request rates of partitions: above them S3 answers 503 `SlowDown`.
//!
//! A partition is a range of a bucket's keys. A new bucket has one, whatever prefixes its keys have: "Amazon S3 doesn't assign
//! additional resources as you create prefixes" (<https://repost.aws/knowledge-center/s3-503-within-request-rate-prefix>). S3
//! splits partitions that stay too busy, which takes minutes; here they do if the profile says after how many seconds.
//!
//! At most the profile's number of requests start in any second; refused ones don't count. Requests without a key, such as
//! lists, aren't limited. A copy is a write at its target, and no read.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::profile::Rate;

const SECOND: Duration = Duration::from_secs(1);

/// What S3 counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// GET and HEAD.
    Read,
    /// PUT, COPY, POST and DELETE.
    Write,
}

impl Class {
    /// Of a request's method.
    #[must_use]
    pub fn of(method: &http::Method) -> Self {
        if [http::Method::GET, http::Method::HEAD].contains(method) { Self::Read } else { Self::Write }
    }
}

/// The request rates of all buckets.
pub struct Limits {
    rate: Rate,
    buckets: Mutex<HashMap<Box<str>, Partitions>>,
}

/// A bucket's partitions by their first key; that of the first is empty.
type Partitions = BTreeMap<Box<str>, Partition>;

#[derive(Default)]
struct Partition {
    reads: Recent,
    writes: Recent,
    /// Since when it has refused requests without a pause of a second, and when it did so last.
    busy: Option<(Instant, Instant)>,
}

/// The requests that started in the last second; their keys only if partitions are split.
type Recent = VecDeque<(Instant, Option<Box<str>>)>;

impl Limits {
    /// Nothing has been asked for yet.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Whether a request for a key may start now; if so, it is counted.
    pub fn admit(&self, class: Class, bucket: &str, key: &str, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if !buckets.contains_key(bucket) {
            buckets.insert(bucket.into(), [(Box::default(), Partition::default())].into());
        }
        let Some(partitions) = buckets.get_mut(bucket) else { return true };
        let up_to = (Bound::Unbounded, Bound::Included(key));
        let Some((start, partition)) = partitions.range_mut::<str, _>(up_to).next_back() else {
            return true;
        };
        let splits = self.rate.split_after_seconds.map(|seconds| Duration::from_secs(seconds.into()));
        if partition.admit(class, self.rate, splits.map(|_| key), now) {
            return true;
        }
        if splits.is_some_and(|after| partition.is_busy_for(now) >= after)
            && let Some(middle) = partition.middle().filter(|middle| middle != start)
        {
            *partition = Partition::default();
            partitions.insert(middle, Partition::default());
        }
        false
    }
}

impl Partition {
    fn admit(&mut self, class: Class, rate: Rate, key: Option<&str>, now: Instant) -> bool {
        let (started, most) = match class {
            Class::Read => (&mut self.reads, rate.reads_per_second),
            Class::Write => (&mut self.writes, rate.writes_per_second),
        };
        while started.front().is_some_and(|(first, _)| *first + SECOND <= now) {
            started.pop_front();
        }
        let admitted = started.len() < most as usize;
        if admitted {
            started.push_back((now, key.map(Into::into)));
        } else {
            let without_pause = self.busy.filter(|(_, last)| *last + SECOND > now);
            self.busy = Some((without_pause.map_or(now, |(since, _)| since), now));
        }
        admitted
    }

    fn is_busy_for(&self, now: Instant) -> Duration {
        self.busy.map_or(Duration::ZERO, |(since, _)| now - since)
    }

    /// The key that has as many of the last second's requests before as behind it.
    fn middle(&self) -> Option<Box<str>> {
        let mut keys: Vec<_> =
            self.reads.iter().chain(&self.writes).filter_map(|(_, key)| key.as_ref()).collect();
        keys.sort_unstable();
        keys.get(keys.len() / 2).map(|key| (*key).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { writes_per_second: 3, reads_per_second: 5, split_after_seconds: None };

    fn admitted(limits: &Limits, class: Class, key: &str, now: Instant) -> usize {
        (0..10).filter(|_| limits.admit(class, "bucket", key, now)).count()
    }

    #[test]
    fn in_no_second_do_more_requests_begin_than_the_profile_says() {
        let (limits, start) = (Limits::new(RATE), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(admitted(&limits, Class::Write, "a/1", at(0)), 3);
        assert_eq!(admitted(&limits, Class::Write, "a/2", at(999)), 0);
        assert_eq!(admitted(&limits, Class::Write, "a/3", at(1_000)), 3);
        assert_eq!(
            admitted(&limits, Class::Write, "a/3", at(1_999)),
            0,
            "refused requests don't count, these do"
        );
    }

    #[test]
    fn all_prefixes_of_a_bucket_share_its_rates_and_other_buckets_have_their_own() {
        let (limits, now) = (Limits::new(RATE), Instant::now());
        assert_eq!(admitted(&limits, Class::Write, "a/1", now), 3);
        assert_eq!(admitted(&limits, Class::Write, "b/c/1", now), 0);
        assert_eq!(admitted(&limits, Class::Write, "top", now), 0);
        assert_eq!(admitted(&limits, Class::Read, "a/1", now), 5, "reads have a rate of their own");
        assert!(limits.admit(Class::Write, "other", "a/1", now));
    }

    /// 100 writes per second to two prefixes, where 20 are allowed; how many started in the last second.
    fn started(split_after_seconds: Option<u32>, seconds: u64) -> usize {
        let rate = Rate { writes_per_second: 20, split_after_seconds, ..RATE };
        let (limits, start) = (Limits::new(rate), Instant::now());
        let second = |second: u64| {
            let requests =
                (0..50).flat_map(|n| ["a", "b"].map(|prefix| (n, format!("{prefix}/{}", n * 37 % 50))));
            let admitted = requests.filter(|(n, key)| {
                limits.admit(Class::Write, "bucket", key, start + Duration::from_millis(second * 1_000 + n))
            });
            admitted.count()
        };
        (0..=seconds).map(second).last().unwrap()
    }

    #[test]
    fn a_partition_that_stays_busy_is_split_between_its_keys_if_the_profile_says_so() {
        assert_eq!(started(None, 600), 20);
        assert_eq!(started(Some(60), 50), 20, "not yet");
        assert_eq!(started(Some(60), 70), 40);
        assert!(started(Some(60), 300) > 40, "the two are split again");
    }

    #[test]
    fn a_single_busy_key_cannot_be_split() {
        let (limits, start) = (Limits::new(Rate { split_after_seconds: Some(1), ..RATE }), Instant::now());
        for half in 0..20 {
            admitted(&limits, Class::Write, "key", start + half * SECOND / 2);
        }
        assert_eq!(limits.buckets.lock().unwrap()["bucket"].len(), 2, "before it and from it on");
    }
}
