//! Waiting until each message is done or dead-lettered. SQS's counts say when it's worth asking, the ledger and the
//! dead-letter queue say what became of the messages.

use anyhow::Result;
use protocol::aurora::{Driver, Tally};
use protocol::deployment::Queue;

use super::dead_letters::DeadLetters;
use super::tally::tally;
use crate::scenario::aurora::Run;
use crate::scenario::shared::queue::{COUNTS_SETTLE, Limits, attributes};
use crate::scenario::shared::wait;

/// Waits until a run's messages are done or dead-lettered, or nothing has changed for longer than one may take.
pub async fn until_handled(
    run: &Run,
    queue: &Queue,
    limits: Limits,
    name: &str,
    sent: u64,
    driver: Driver,
) -> Result<(Tally, DeadLetters)> {
    let mut dead_letters = DeadLetters::default();
    let tally = wait::until(run.context(), sent, async |wait| {
        let depth = attributes(run.context(), &queue.url).await?.depth;
        let is_stalled = wait.idle() > limits.patience();
        let mut done = 0;
        if depth == 0 || is_stalled {
            dead_letters.collect(run, queue, name).await?;
            match tally(run, name, dead_letters.ids()).await {
                Ok(tally) if is_stalled || tally.done + dead_letters.count(&tally.done_sources) >= sent => {
                    return Ok(Some(tally));
                }
                Ok(tally) => done = tally.done,
                // A database that restarts has no answer for a while.
                Err(error) if is_stalled || wait.idle() > COUNTS_SETTLE => return Err(error),
                Err(_) => {}
            }
        }
        let counts = [depth, done, dead_letters.ids().len() as u64];
        wait.report_progress(sent.saturating_sub(depth.max(1)), &format!("{driver} messages"), counts);
        Ok(None)
    });
    Ok((tally.await?, dead_letters))
}
