//! How far an invocation goes.

use std::time::{Duration, Instant};

/// Left of an invocation when the work ends, to put aside what can't be done and to answer.
const RESERVE: Duration = Duration::from_secs(5);
/// Left of an invocation when the answer must be there.
const LAST: Duration = Duration::from_millis(500);

/// The ends of an invocation's parts.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// Of the attempts at the work.
    pub work: Instant,
    /// Of everything.
    pub all: Instant,
}

impl Deadline {
    /// Of an invocation with this time left.
    pub fn of(remaining: Duration) -> Self {
        let now = Instant::now();
        Self {
            work: now + remaining.saturating_sub((remaining / 3).min(RESERVE)),
            all: now + remaining.saturating_sub((remaining / 10).min(LAST)),
        }
    }
}

/// The time from now to `end`.
pub fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_short_the_invocation_there_is_time_to_work_and_to_answer() {
        for remaining in [60_000, 3000, 300].map(Duration::from_millis) {
            let (start, deadline) = (Instant::now(), Deadline::of(remaining));
            assert!(deadline.work - start > remaining / 2, "{remaining:?}");
            assert!(deadline.all - deadline.work > remaining / 20, "{remaining:?}");
            assert!(deadline.all < Instant::now() + remaining, "{remaining:?}");
        }
    }
}
