//! Pauses between tries.

use std::time::{Duration, Instant};

/// Pauses before the next try: longer and longer, from 50 ms to a second.
#[derive(Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(Duration::from_millis(50))
    }
}

impl Backoff {
    /// Pauses, but not beyond `end`.
    pub async fn pause(&mut self, end: Instant) {
        tokio::time::sleep_until((Instant::now() + self.0).min(end).into()).await;
        self.0 = (self.0 * 2).min(Duration::from_secs(1));
    }
}
