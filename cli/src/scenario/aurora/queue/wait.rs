//! Waiting until each message is done or dead-lettered. SQS's counts say when it's worth asking, the ledger and the
//! dead-letter queue say what became of the messages.

use std::time::Duration;

use anyhow::Result;
use protocol::aurora::{Driver, Tally};
use tokio::time::{Instant, sleep};

use super::dead::DeadLetters;
use crate::progress::Progress;
use crate::scenario::aurora::tally::tally;
use crate::scenario::aurora::{Queue, Test};
use crate::scenario::shared::queue::{COUNTS_SETTLE, Limits, attributes};

/// Between two looks at the queue.
const POLL: Duration = Duration::from_secs(1);
/// Waits until a run's messages are done or dead-lettered, or nothing has changed for longer than one may take.
pub async fn until_handled(
    test: &Test,
    queue: &Queue,
    limits: &Limits,
    run: &str,
    sent: u64,
    driver: Driver,
) -> Result<(Tally, DeadLetters)> {
    let mut progress = Progress::new(test.progress, sent);
    let mut dead = DeadLetters::default();
    let mut seen = Seen::new(limits.patience());
    loop {
        let depth = attributes(test.context(), &queue.url).await?.depth;
        let is_stalled = seen.is_stalled(Instant::now());
        let mut done = 0;
        if depth == 0 || is_stalled {
            dead.collect(test, queue, run).await?;
            match tally(test, run, &dead.ids()).await {
                Ok(tally) if is_stalled || tally.done + dead.count(&tally.done_sources) >= sent => {
                    progress.end();
                    return Ok((tally, dead));
                }
                Ok(tally) => done = tally.done,
                // A database that restarts has no answer for a while.
                Err(error) if is_stalled || seen.is_unchanged_for(COUNTS_SETTLE) => return Err(error),
                Err(_) => {}
            }
        }
        progress.set(sent.saturating_sub(depth.max(1)), &format!("{driver} messages"));
        seen.look((depth, done, dead.ids().len() as u64), Instant::now());
        sleep(POLL).await;
    }
}

/// Since when nothing has changed.
struct Seen {
    counts: (u64, u64, u64),
    since: Instant,
    patience: Duration,
}

impl Seen {
    fn new(patience: Duration) -> Self {
        Self { counts: (0, 0, 0), since: Instant::now(), patience }
    }

    fn look(&mut self, counts: (u64, u64, u64), now: Instant) {
        if self.counts != counts {
            self.counts = counts;
            self.since = now;
        }
    }

    fn is_stalled(&self, now: Instant) -> bool {
        now.duration_since(self.since) > self.patience
    }

    fn is_unchanged_for(&self, time: Duration) -> bool {
        self.since.elapsed() > time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_without_any_change_is_a_stall() {
        let minute = Duration::from_mins(1);
        let mut seen = Seen::new(minute * 2);
        let start = seen.since;
        seen.look((5, 0, 0), start + minute);
        assert!(!seen.is_stalled(start + minute * 3), "the depth changed two minutes ago");
        seen.look((5, 0, 0), start + minute * 3);
        assert!(seen.is_stalled(start + minute * 4));
        seen.look((4, 1, 0), start + minute * 4);
        assert!(!seen.is_stalled(start + minute * 5));
    }
}
