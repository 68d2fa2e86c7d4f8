//! Since when nothing has happened.

use std::time::Duration;

use tokio::time::Instant;

/// Counts, and since when they are what they are.
pub struct StallTimer<Counts> {
    counts: Counts,
    since: Instant,
}

impl<Counts: Default> Default for StallTimer<Counts> {
    fn default() -> Self {
        Self { counts: Counts::default(), since: Instant::now() }
    }
}

impl<Counts: PartialEq> StallTimer<Counts> {
    /// Compares counts with the last ones; returns for how long they have been what they are.
    pub fn observe(&mut self, counts: Counts) -> Duration {
        if self.counts != counts {
            *self = Self { counts, since: Instant::now() };
        }
        self.idle()
    }

    /// For how long nothing has changed.
    pub fn idle(&self) -> Duration {
        self.since.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn any_change_starts_the_time_anew() {
        let (minute, second) = (Duration::from_mins(1), Duration::from_secs(1));
        let mut stall_timer = StallTimer::default();
        sleep(minute).await;
        assert_eq!(stall_timer.observe([1, 0]), Duration::ZERO);
        sleep(second).await;
        assert_eq!(stall_timer.observe([1, 0]), second);
        assert_eq!(stall_timer.observe([1, 2]), Duration::ZERO, "a duplicate is a sign of life, too");
    }
}
