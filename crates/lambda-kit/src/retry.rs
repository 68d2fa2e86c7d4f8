//! Retries with exponential backoff and jitter, until an end.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// The first pause, at most.
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause, unless a caller has another limit.
const LONGEST: Duration = Duration::from_secs(1);

/// Pauses between attempts: each up to twice as long as the one before, and random by half, so that clients that were
/// refused together don't come back together.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(LONGEST)
    }
}

impl Backoff {
    /// Pauses of up to this length.
    #[must_use]
    pub fn up_to(longest: Duration) -> Self {
        Self { next: FIRST.min(longest), longest }
    }

    /// How long to pause now.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.next = (self.next * 2).min(self.longest);
        pause
    }

    /// Pauses, but not beyond `end`.
    pub async fn pause(&mut self, end: Instant) {
        tokio::time::sleep_until((Instant::now() + self.next_pause()).min(end).into()).await;
    }
}

/// The retries of one operation: after each failure, a loop waits for it or gives up.
///
/// ```text
/// loop {
///     match attempt().await {
///         Ok(done) => return Ok(done),
///         Err(error) if is_permanent(&error) => return Err(error),
///         Err(error) => retry.pause(error).await?,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Retry<E> {
    end: Instant,
    attempts: u32,
    number: u32,
    backoff: Backoff,
    previous: Option<E>,
}

impl<E: Display> Retry<E> {
    /// No attempt starts after `end`. An attempt has to end in time by itself.
    #[must_use]
    pub fn until(end: Instant) -> Self {
        Self { end, attempts: u32::MAX, number: 1, backoff: Backoff::default(), previous: None }
    }

    /// No more attempts than this, the first included.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Pauses before the next attempt.
    ///
    /// # Errors
    /// The attempt's error, if there is no next one. Where that only says that time was up, the one before it says more, and is
    /// returned.
    pub async fn pause(&mut self, error: E) -> Result<(), E> {
        if self.number == self.attempts {
            return Err(error);
        }
        if Instant::now() >= self.end {
            return Err(self.previous.take().unwrap_or(error));
        }
        tracing::warn!(%error, attempt = self.number, "trying again");
        self.backoff.pause(self.end).await;
        if Instant::now() >= self.end {
            return Err(error);
        }
        self.previous = Some(error);
        self.number += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Retry<u32> {
        Retry::until(Instant::now() + Duration::from_secs(30))
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let longest = Duration::from_secs(5);
        assert!((1..100).all(|_| (FIRST / 2..=FIRST).contains(&Backoff::up_to(longest).next_pause())));
        let mut backoff = Backoff::up_to(longest);
        assert!((1..100).all(|_| backoff.next_pause() <= longest));
        assert!(backoff.next_pause() >= longest / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_waited_for() {
        let mut retry = soon();
        while retry.number() < 5 {
            retry.pause(0).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_attempts_error_is_the_result() {
        let mut retry = soon().attempts(3);
        let results = [retry.pause(1).await, retry.pause(2).await, retry.pause(3).await];
        assert_eq!(results, [Ok(()), Ok(()), Err(3)]);
    }

    #[tokio::test]
    async fn an_attempt_that_is_cut_short_does_not_hide_the_error_before_it() {
        let end = Instant::now() + Duration::from_millis(300);
        let mut retry = Retry::until(end);
        retry.pause("connection reset").await.unwrap();
        tokio::time::sleep_until(end.into()).await;
        assert_eq!(retry.pause("time was up").await, Err("connection reset"));
    }

    #[tokio::test]
    async fn no_attempt_starts_after_the_end() {
        let mut retry = Retry::until(Instant::now() + Duration::from_millis(20));
        assert_eq!(retry.pause("connection reset").await, Err("connection reset"));
    }
}
