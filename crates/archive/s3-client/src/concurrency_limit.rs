//! How many requests are under way at once: as many as S3 takes.
//!
//! S3 answers 503 `SlowDown` to what exceeds a partition's request rate, and nobody knows who else uses the bucket. So the
//! limit falls with each congestion event, and rises again with each answer, in proportion: what S3 takes lies between 16
//! and 500 requests, and adding a fixed number per round trip, as TCP does, would take seconds, which is as long as a run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// What is left of the limit after a congestion event.
const DECREASE: f64 = 0.8;
/// The 503 of one congestion event come in for so long: a copy's round trip. A 503 itself takes less time.
const ROUND_TRIP: Duration = Duration::from_millis(200);
/// What the limit rises by with each answer: by a fifth per round trip.
const INCREASE: f64 = 0.2;
/// The limit never falls below.
const LEAST: f64 = 16.0;

/// A limit that all requests of a process share.
pub struct ConcurrencyLimit {
    permits: Semaphore,
    state: Mutex<State>,
}

struct State {
    /// The limit now.
    limit: f64,
    /// The largest it may have.
    most: f64,
    /// Permits that exist: available or held.
    issued: usize,
    /// The last congestion event.
    decreased_at: Option<Instant>,
}

/// A request that is under way.
pub struct Permit<'a> {
    limit: &'a ConcurrencyLimit,
    permit: Option<SemaphorePermit<'a>>,
}

impl ConcurrencyLimit {
    /// A limit of `most` requests, until S3 refuses some.
    pub fn new(most: usize) -> Self {
        let limit = f64::from(u32::try_from(most).unwrap_or(u32::MAX));
        let state = State { limit, most: limit, issued: most, decreased_at: None };
        Self { permits: Semaphore::new(most), state: Mutex::new(state) }
    }

    /// Waits until a request may start.
    ///
    /// # Errors
    /// Never: nobody closes it.
    pub async fn acquire(&self) -> Result<Permit<'_>, AcquireError> {
        Ok(Permit { limit: self, permit: Some(self.permits.acquire().await?) })
    }

    /// S3 has answered a request.
    pub fn answered(&self) {
        let mut state = self.state();
        state.limit = (state.limit + INCREASE).min(state.most);
        let missing = state.whole().saturating_sub(state.issued);
        state.issued += missing;
        self.permits.add_permits(missing);
    }

    /// S3 has refused a request that was sent at `sent_at`, since there were too many. What was sent within a round trip
    /// of the last fall says nothing new.
    pub fn refused(&self, sent_at: Instant) {
        let mut state = self.state();
        if state.decreased_at.is_none_or(|decreased_at| sent_at > decreased_at + ROUND_TRIP) {
            state.limit = (state.limit * DECREASE).max(LEAST.min(state.most));
            state.decreased_at = Some(Instant::now());
            let excess = state.issued - state.whole().min(state.issued);
            // The others are given back later.
            state.issued -= self.permits.forget_permits(excess);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made of a usize")]
    fn whole(&self) -> usize {
        self.limit as usize
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.limit.state();
        if let Some(permit) = self.permit.take()
            && state.issued > state.whole()
        {
            state.issued -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// How many requests may start now.
    fn free(limit: &ConcurrencyLimit) -> usize {
        let permits = std::iter::from_fn(|| limit.acquire().now_or_never());
        permits.map(Result::unwrap).collect::<Vec<_>>().len()
    }

    #[tokio::test(start_paused = true)]
    async fn one_congestion_event_lowers_the_limit_once() {
        let limit = ConcurrencyLimit::new(100);
        let sent_at = Instant::now();
        tokio::time::advance(Duration::from_millis(120)).await;
        (0..60).for_each(|_| limit.refused(sent_at));
        assert_eq!(free(&limit), 80);
        tokio::time::advance(ROUND_TRIP + Duration::from_millis(1)).await;
        limit.refused(Instant::now());
        assert_eq!(free(&limit), 64);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_falls_while_requests_are_under_way_and_rises_with_answers() {
        let limit = ConcurrencyLimit::new(30);
        let mut under_way = Vec::new();
        for _ in 0..30 {
            under_way.push(limit.acquire().await.unwrap());
        }
        limit.refused(Instant::now());
        assert_eq!(free(&limit), 0);
        under_way.truncate(24);
        assert_eq!(free(&limit), 0, "24 are under way");
        under_way.clear();
        assert_eq!(free(&limit), 24);
        (0..1000).for_each(|_| limit.answered());
        assert_eq!(free(&limit), 30, "it never exceeds what it was to be at most");
    }

    #[tokio::test(start_paused = true)]
    async fn however_much_is_refused_requests_go_on() {
        let limit = ConcurrencyLimit::new(100);
        for _ in 0..50 {
            tokio::time::advance(2 * ROUND_TRIP).await;
            limit.refused(Instant::now());
        }
        assert_eq!(free(&limit), 16);
    }
}
