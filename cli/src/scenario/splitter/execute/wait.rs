//! Waiting until each item is done or given up.

use std::time::Duration;

use anyhow::Result;

use super::run_log::{Entry, RunLog, count_done};
use super::{DeadLetters, Handled, Run, Split, Unsent};
use crate::scenario::shared::queue::{Emptying, Limits};
use crate::scenario::shared::wait;

/// Without a change for so long besides an item's own time, something may have been given up.
const QUIET: Duration = Duration::from_secs(3);
/// After so long without a sign of the event, the user is told what may be wrong.
const SILENCE: Duration = Duration::from_secs(20);

/// Waits until all items are done or given up, or nothing has changed for longer than one may take. Once the user presses Ctrl-C,
/// only those are waited for that are being done. Items that were not sent, as far as anybody knows, are not waited for.
pub async fn until_handled(split: Split<'_>, items: u64, unsent: &Unsent, limits: Limits) -> Result<Handled> {
    let Split { run, event, name, concurrency } = split;
    let quiet = Duration::from_secs_f64(event.item_seconds) + QUIET;
    let is_event = event.functions.is_none();
    let retries = if is_event { event_retries(run.deployed.event_retries) } else { Duration::ZERO };
    let patience = limits.patience() + retries;
    let mut dead_letters = DeadLetters::default();
    let (mut is_silent, mut emptying) = (false, Emptying::default());
    wait::until(run.context(), items, async |wait| {
        let (done, dead_lettered) = (count_done(run, name).await?, dead_letters.items.count());
        let message = format!("items, {concurrency} at once, {dead_lettered} dead-lettered");
        let idle = wait.report_progress(done + dead_lettered, &message, [done, dead_lettered]);
        if emptying.is_over(run.context(), &run.deployed.queue.url, idle, quiet).await {
            dead_letters.collect(run, name).await?;
            let log = RunLog::read(run, name).await?;
            // An event that isn't split yet still puts its items into the queue.
            let is_split = !is_event || log.split.as_ref().is_some_and(|split| split.ended_us.is_some());
            if is_split || idle > SILENCE {
                return Ok(Some(Handled {
                    log,
                    dead_letters: std::mem::take(&mut dead_letters),
                    is_stopped: true,
                }));
            }
        }
        if done < items && idle <= quiet {
            return Ok(None);
        }
        if done < items {
            dead_letters.collect(run, name).await?;
        }
        let log = RunLog::read(run, name).await?;
        if done < items {
            if is_event && log == RunLog::default() && idle > SILENCE && !is_silent {
                is_silent = true;
                run.context().notify(&nothing_started(run));
            }
            if open(items, &log, &dead_letters, unsent) > 0 && idle <= patience {
                return Ok(None);
            }
        }
        Ok(Some(Handled { log, dead_letters: std::mem::take(&mut dead_letters), is_stopped: false }))
    })
    .await
}

/// How long Lambda takes to try an event again: one minute before the first time, two more before the second (Lambda
/// Developer Guide, "How Lambda handles errors and retries with asynchronous invocation").
fn event_retries(retries: u32) -> Duration {
    (1..=retries).map(|minutes| Duration::from_mins(minutes.into())).sum()
}

fn nothing_started(run: &Run) -> String {
    format!(
        "nothing has started yet: events may be late, but if this goes on, check whether the rule lets the event through, and \
         the function's log: {}",
        run.logs_command("splitter/worker")
    )
}

/// How many items may still be done. Those of an event that was given up, which never got into the queue, are not.
fn open(items: u64, log: &RunLog, dead_letters: &DeadLetters, unsent: &Unsent) -> u64 {
    let dead_lettered = dead_letters.items.reasons();
    let is_open =
        |(id, entry): &(&String, &Entry)| entry.ended_us.is_none() && !dead_lettered.contains_key(*id);
    if dead_letters.event.is_some() {
        return log.items.iter().filter(is_open).count() as u64;
    }
    let undone =
        dead_lettered.keys().filter(|id| log.items.get(*id).is_none_or(|entry| entry.ended_us.is_none()));
    let over: Vec<_> = log.done().map(|(id, ..)| id).chain(undone).collect();
    let found = over.iter().filter(|id| unsent.has(id)).count() as u64;
    items.saturating_sub(over.len() as u64 + unsent.count() - found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: &[(&str, Option<u64>)]) -> RunLog {
        let entry = |ended_us| Entry { started_us: Some(1), ended_us, ..Entry::default() };
        let items = entries.iter().map(|(id, ended)| ((*id).to_owned(), entry(*ended))).collect();
        RunLog { items, ..RunLog::default() }
    }

    fn dead_letters(items: &[&str]) -> DeadLetters {
        let mut dead_letters = DeadLetters::default();
        for id in items {
            dead_letters.items.add(*id, Some("x"));
        }
        dead_letters
    }

    #[test]
    fn the_end_is_when_each_item_is_done_or_dead_lettered() {
        let log = log(&[("0000", Some(9)), ("0001", None)]);
        assert_eq!(open(3, &log, &dead_letters(&[]), &Unsent::default()), 2);
        assert_eq!(open(3, &log, &dead_letters(&["0001"]), &Unsent::default()), 1);
        assert_eq!(open(3, &log, &dead_letters(&["0001", "0002"]), &Unsent::default()), 0);
        assert_eq!(
            open(3, &log, &dead_letters(&["0000"]), &Unsent::default()),
            2,
            "an item may be done and in the dead-letter queue"
        );
    }

    #[test]
    fn what_was_not_sent_is_not_waited_for_unless_it_has_evidently_been() {
        let log = log(&[("0000", Some(9)), ("0003", Some(9)), ("0001", None)]);
        let unsent = Unsent::from(vec![(2, 3)]);
        assert_eq!(open(4, &log, &dead_letters(&[]), &unsent), 1, "0001");
        assert_eq!(open(4, &log, &dead_letters(&["0001", "0002"]), &unsent), 0);
    }

    #[test]
    fn what_an_event_that_was_dead_lettered_never_queued_is_not_waited_for() {
        let mut dead_letters = dead_letters(&[]);
        dead_letters.event = Some("no time".to_owned());
        assert_eq!(
            open(50, &log(&[("0000", Some(9)), ("0001", None)]), &dead_letters, &Unsent::default()),
            1
        );
        assert_eq!(open(50, &log(&[("0000", Some(9))]), &dead_letters, &Unsent::default()), 0);
    }

    #[test]
    fn an_event_has_the_time_of_all_its_retries() {
        assert_eq!([0, 1, 2].map(event_retries), [0, 1, 3].map(Duration::from_mins));
    }
}
