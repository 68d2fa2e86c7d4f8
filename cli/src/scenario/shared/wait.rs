//! Waiting until all work of a run is handled, polling now and then what has become of it.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::run_context::RunContext;
use super::stall_timer::StallTimer;
use crate::progress::Progress;

/// Between two polls, at least.
const POLL: Duration = Duration::from_millis(500);
/// A poll takes the services' time, and locally the processor's: the pause after it is longer by this factor.
const PAUSE_PER_POLL: u32 = 5;
/// Between two polls, at most: those that take so long only wait themselves, for messages.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// How far the work is, and since when nothing has changed.
pub struct Wait {
    progress: Progress,
    stall_timer: StallTimer<Vec<u64>>,
}

impl Wait {
    /// Shows how much is done; returns for how long `counts` have been what they are.
    pub fn report_progress(&mut self, done: u64, message: &str, counts: impl Into<Vec<u64>>) -> Duration {
        self.progress.set(done, message);
        self.stall_timer.observe(counts.into())
    }

    /// For how long the counts of the last report have been what they are.
    pub fn idle(&self) -> Duration {
        self.stall_timer.idle()
    }
}

/// Polls until there is a value; `total` is how much there is to do.
///
/// # Errors
/// The poll's.
pub async fn until<T>(
    context: RunContext<'_>,
    total: u64,
    mut poll: impl AsyncFnMut(&mut Wait) -> Result<Option<T>>,
) -> Result<T> {
    let progress = Progress::new(context.progress, total);
    let mut wait = Wait { progress, stall_timer: StallTimer::default() };
    loop {
        let start = Instant::now();
        if let Some(value) = poll(&mut wait).await? {
            let Wait { progress, .. } = wait;
            progress.end();
            return Ok(value);
        }
        sleep((start.elapsed() * PAUSE_PER_POLL).clamp(POLL, MAX_PAUSE)).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::shared::testing::{self, Deployed};

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_value_and_knows_how_long_nothing_has_changed() {
        let run = testing::run::<Deployed>("x", json!({ "settings": Value::Object(serde_json::Map::new()) }));
        let mut done = 0;
        let idle = until(run.context(), 3, async |wait| {
            done = 3.min(done + 1);
            let idle = wait.report_progress(done, "items", [done]);
            Ok((idle >= Duration::from_secs(2)).then_some(idle))
        });
        assert_eq!(idle.await.unwrap(), Duration::from_secs(2), "it polls every half a second");
    }
}
