//! Request rates of prefixes: above them S3 answers 503 `SlowDown`.
//!
//! S3 doesn't say where it divides a bucket's keys, and divides them anew under load. Here a prefix is fixed: the bucket and
//! the key up to and with its last `/`. At most the profile's number of requests start in any second; refused ones don't
//! count. Requests without a key, such as lists, aren't limited. A copy is a write at its target, and no read.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::profile::Rate;

const SECOND: Duration = Duration::from_secs(1);
/// Prefixes are looked through for idle ones when there are so many more.
const MANY: usize = 1_000;

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

/// The request rates of all prefixes.
pub struct Limits {
    rate: Rate,
    prefixes: Mutex<Prefixes>,
}

#[derive(Default)]
struct Prefixes {
    recent: HashMap<String, Recent>,
    look_at: usize,
}

/// The start times of the last second's requests.
#[derive(Default)]
struct Recent {
    reads: VecDeque<Instant>,
    writes: VecDeque<Instant>,
}

impl Limits {
    /// Nothing has been asked for yet.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, prefixes: Mutex::new(Prefixes { look_at: MANY, ..Prefixes::default() }) }
    }

    /// Whether a request for a key may start now; if so, it is counted.
    pub fn admit(&self, class: Class, bucket: &str, key: &str, now: Instant) -> bool {
        let folder = key.rfind('/').map_or("", |end| &key[..=end]);
        let prefix = format!("{bucket}/{folder}");
        let mut prefixes = self.prefixes.lock().unwrap_or_else(PoisonError::into_inner);
        prefixes.forget_idle(now);
        let recent = prefixes.recent.entry(prefix).or_default();
        let (started, most) = match class {
            Class::Read => (&mut recent.reads, self.rate.reads_per_second),
            Class::Write => (&mut recent.writes, self.rate.writes_per_second),
        };
        while started.front().is_some_and(|first| *first + SECOND <= now) {
            started.pop_front();
        }
        let admitted = started.len() < most as usize;
        if admitted {
            started.push_back(now);
        }
        admitted
    }
}

impl Prefixes {
    fn forget_idle(&mut self, now: Instant) {
        if self.recent.len() < self.look_at {
            return;
        }
        let busy = |started: &VecDeque<Instant>| started.back().is_some_and(|last| *last + SECOND > now);
        self.recent.retain(|_, recent| busy(&recent.reads) || busy(&recent.writes));
        self.look_at = self.recent.len() + MANY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { writes_per_second: 3, reads_per_second: 5 };

    fn admitted(limits: &Limits, class: Class, key: &str, now: Instant) -> usize {
        (0..10).filter(|_| limits.admit(class, "bucket", key, now)).count()
    }

    #[test]
    fn in_no_second_do_more_requests_begin_than_the_profile_says() {
        let (limits, start) = (Limits::new(RATE), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(admitted(&limits, Class::Write, "a/1", at(0)), 3);
        assert_eq!(admitted(&limits, Class::Write, "a/2", at(999)), 0, "the same prefix");
        assert_eq!(admitted(&limits, Class::Write, "a/3", at(1_000)), 3);
        assert_eq!(
            admitted(&limits, Class::Write, "a/3", at(1_999)),
            0,
            "refused requests don't count, these do"
        );
    }

    #[test]
    fn reads_and_writes_and_prefixes_have_their_own() {
        let (limits, now) = (Limits::new(RATE), Instant::now());
        assert_eq!(admitted(&limits, Class::Write, "a/1", now), 3);
        assert_eq!(admitted(&limits, Class::Read, "a/1", now), 5);
        assert_eq!(admitted(&limits, Class::Write, "a/b/1", now), 3);
        assert_eq!(admitted(&limits, Class::Write, "top", now), 3);
        assert!(limits.admit(Class::Write, "other", "a/1", now));
    }

    #[test]
    fn idle_prefixes_are_forgotten() {
        let (limits, start) = (Limits::new(RATE), Instant::now());
        for n in 0..5 * MANY {
            let now = start + Duration::from_millis(u64::try_from(n).unwrap());
            limits.admit(Class::Read, "bucket", &format!("{n}/key"), now);
        }
        assert!(limits.prefixes.lock().unwrap().recent.len() <= 2 * MANY + 1);
    }
}
