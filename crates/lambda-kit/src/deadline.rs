//! How long an invocation may still run, and what it reserves of that to settle and to answer.

use std::time::{Duration, Instant};

/// Left when the work ends: to put aside what cannot be done, to settle, to clean up.
const WORK_RESERVE: Duration = Duration::from_secs(5);
/// Left when the answer must be there.
const ANSWER_RESERVE: Duration = Duration::from_millis(500);

/// The end of an invocation.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    start: Instant,
    total: Duration,
}

impl Deadline {
    /// Of an invocation that has this long from now on.
    #[must_use]
    pub fn after(total: Duration) -> Self {
        Self { start: Instant::now(), total }
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Time left until Lambda ends the invocation.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.total.saturating_sub(self.elapsed())
    }

    /// `most`, but no more than this share of a short invocation: 3 is a third.
    #[must_use]
    pub fn capped(&self, most: Duration, share: u32) -> Duration {
        most.min(self.total / share)
    }

    /// What is left when the work ends: 5 s, or a third of a short invocation.
    #[must_use]
    pub fn reserve(&self) -> Duration {
        self.capped(WORK_RESERVE, 3)
    }

    /// How long work may take from the start, so that `reserve` is left.
    #[must_use]
    pub fn budget(&self, reserve: Duration) -> Duration {
        self.total.saturating_sub(reserve)
    }

    /// The moment when only `reserve` is left.
    #[must_use]
    pub fn before(&self, reserve: Duration) -> Instant {
        self.start + self.budget(reserve)
    }

    /// The end of the work: what follows is to settle and to answer.
    #[must_use]
    pub fn work(&self) -> Instant {
        self.before(self.reserve())
    }

    /// The end of everything but the answer itself.
    #[must_use]
    pub fn answer(&self) -> Instant {
        self.before(self.capped(ANSWER_RESERVE, 20))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_short_the_invocation_there_is_time_to_work_and_to_answer() {
        for remaining in [60_000, 3000, 300].map(Duration::from_millis) {
            let (start, deadline) = (Instant::now(), Deadline::after(remaining));
            assert!(deadline.work() - start > remaining / 2, "{remaining:?}");
            assert!(deadline.answer() - deadline.work() > remaining / 20, "{remaining:?}");
            assert!(deadline.answer() < Instant::now() + remaining, "{remaining:?}");
            assert!(deadline.remaining() <= remaining);
        }
    }
}
