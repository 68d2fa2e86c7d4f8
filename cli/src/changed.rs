//! Since when nothing has happened.

use std::time::Duration;

use tokio::time::Instant;

/// Counts, and since when they are what they are.
pub struct Changed<Counts> {
    counts: Counts,
    since: Instant,
}

impl<Counts: Default> Default for Changed<Counts> {
    fn default() -> Self {
        Self { counts: Counts::default(), since: Instant::now() }
    }
}

impl<Counts: PartialEq> Changed<Counts> {
    /// Compares counts with the last ones; returns for how long they have been what they are.
    pub fn look(&mut self, counts: Counts) -> Duration {
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
        let mut changed = Changed::default();
        sleep(minute).await;
        assert_eq!(changed.look([1, 0]), Duration::ZERO);
        sleep(second).await;
        assert_eq!(changed.look([1, 0]), second);
        assert_eq!(changed.look([1, 2]), Duration::ZERO, "a duplicate is a sign of life, too");
    }
}
