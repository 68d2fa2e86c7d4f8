//! Waiting until each item is done or given up.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::Test;
use super::dead::DeadLetters;
use super::log::{RunLog, count_done};
use crate::progress::Progress;
use crate::scenario::shared::queue::Limits;
use crate::scenario::shared::stall_timer::StallTimer;

/// Between two looks, at least.
const POLL: Duration = Duration::from_millis(500);
/// Looking at a long log takes the table's time, and locally the processor's: this share of the time at most.
const SHARE: u32 = 10;
/// Without a change for so long besides an item's own time, something may have been given up.
const QUIET: Duration = Duration::from_secs(3);
/// After so long without a sign of the event, the user is told what may be wrong.
const SILENCE: Duration = Duration::from_secs(20);
/// Lambda waits one minute before it tries an event again, and two more before the last time (Lambda Developer Guide,
/// "How Lambda handles errors and retries with asynchronous invocation").
const EVENT_RETRIES: Duration = Duration::from_mins(3);

/// What became of the items.
#[derive(Debug, Default)]
pub struct Handled {
    /// What the run log says.
    pub log: RunLog,
    /// What was given up.
    pub dead: DeadLetters,
}

/// Waits until all items are done or given up, or nothing has changed for longer than one may take.
pub async fn until_handled(
    test: &Test,
    run: &str,
    items: u64,
    concurrency: u64,
    limits: Limits,
) -> Result<Handled> {
    let mut progress = Progress::new(test.progress, items);
    let mut dead = DeadLetters::default();
    let mut stall_timer = StallTimer::default();
    let mut is_silent = false;
    loop {
        let before = Instant::now();
        let done = count_done(test, run).await?;
        let message = format!("items, {concurrency} at once, {} dead-lettered", dead.items.len());
        progress.set(done + dead.items.len() as u64, &message);
        let idle = stall_timer.observe([done, dead.items.len() as u64]);
        if done >= items {
            break;
        }
        if idle > Duration::from_secs_f64(test.event.item_seconds) + QUIET {
            dead.collect(test, run).await?;
            let log = RunLog::read(test, run).await?;
            if log == RunLog::default() && idle > SILENCE && !is_silent {
                is_silent = true;
                test.context().notify(&nothing_heard(test));
            }
            if missing(items, &log, &dead) == 0 || idle > limits.patience() + EVENT_RETRIES {
                progress.end();
                return Ok(Handled { log, dead });
            }
        }
        sleep(POLL.max(before.elapsed() * SHARE)).await;
    }
    progress.end();
    Ok(Handled { log: RunLog::read(test, run).await?, dead })
}

fn nothing_heard(test: &Test) -> String {
    format!(
        "nothing has begun yet: events may wait, but if this goes on, see whether the rule lets the event through, and the \
         function's log: aws logs tail /aws/lambda/{}",
        test.splitter.function
    )
}

/// How many items may still be done. Those of an event that was given up, which never got into the queue, are not.
fn missing(items: u64, log: &RunLog, dead: &DeadLetters) -> u64 {
    let is_open = |(id, entry): &(&String, &super::log::Entry)| {
        entry.ended_us.is_none() && !dead.items.contains_key(*id)
    };
    if dead.event.is_some() {
        return log.items.iter().filter(is_open).count() as u64;
    }
    let dead = dead.items.keys().filter(|id| log.items.get(*id).is_none_or(|entry| entry.ended_us.is_none()));
    items.saturating_sub(log.done().count() as u64 + dead.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::log::Entry;

    fn log(entries: &[(&str, Option<u64>)]) -> RunLog {
        let entry = |ended_us| Entry { started_us: Some(1), ended_us, ..Entry::default() };
        let items = entries.iter().map(|(id, ended)| ((*id).to_owned(), entry(*ended))).collect();
        RunLog { split: None, items }
    }

    fn dead(items: &[&str]) -> DeadLetters {
        DeadLetters::of(items.iter().map(|id| ((*id).to_owned(), "x".to_owned())).collect())
    }

    #[test]
    fn the_end_is_when_each_item_is_done_or_given_up() {
        let log = log(&[("0000", Some(9)), ("0001", None)]);
        assert_eq!(missing(3, &log, &dead(&[])), 2);
        assert_eq!(missing(3, &log, &dead(&["0001"])), 1);
        assert_eq!(missing(3, &log, &dead(&["0001", "0002"])), 0);
        assert_eq!(missing(3, &log, &dead(&["0000"])), 2, "an item may be done and in the dead-letter queue");
    }

    #[test]
    fn what_an_event_that_was_given_up_never_queued_is_not_waited_for() {
        let mut dead = dead(&[]);
        dead.event = Some("no time".to_owned());
        assert_eq!(missing(50, &log(&[("0000", Some(9)), ("0001", None)]), &dead), 1);
        assert_eq!(missing(50, &log(&[("0000", Some(9))]), &dead), 0);
    }
}
