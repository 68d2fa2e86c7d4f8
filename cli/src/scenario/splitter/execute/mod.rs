//! The event at one concurrency after the other, from sending it to its last item, and what that was charged for.

mod dead_letters;
pub mod event;
mod event_source_mapping;
mod functions;
mod preflight;
pub mod run_log;
mod send;
mod sequential;
mod wait;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use protocol::splitter::Reply;
use results::scenario::splitter::Trigger;
use tokio::time::{Instant, sleep_until};

use super::Run;
use super::options::Options;
use crate::exit::Interrupted;
use crate::output;
use crate::scenario::shared::billing_log::{self, Billed, Invocations, Span};
use crate::scenario::shared::load_generator;
use crate::scenario::shared::queue::{Limits, until_empty};
pub use dead_letters::DeadLetters;
pub use event::Event;
use event_source_mapping::EventSourceMapping;
pub use functions::{SentItems, Unsent, generator};
pub use run_log::RunLog;

/// Between the end of a split and the start of the next, so that their REPORT lines can be told apart.
const PAUSE: Duration = Duration::from_secs(3);

/// What was observed.
#[derive(Debug)]
pub struct Observation {
    /// What was split.
    pub event: Event,
    /// At each concurrency.
    pub splits: Vec<SplitObservation>,
    /// What went wrong in observing.
    pub warnings: Vec<String>,
    /// What the user has kept from being done, in words.
    pub missing: Vec<String>,
}

/// What was observed at one concurrency.
#[derive(Debug)]
pub struct SplitObservation {
    /// The name of the run in the log.
    pub run: String,
    /// Concurrent invocations that the queue was allowed.
    pub concurrency: u64,
    /// How the function came to its work.
    pub trigger: Trigger,
    /// What it answered, where lambench invoked it with the event.
    pub reply: Option<Reply>,
    /// What functions have sent; none if there was an event.
    pub sent: Option<SentItems>,
    /// How many items there were.
    pub items: u64,
    /// When the event was sent, by this machine's clock; or when functions started to send, by theirs; µs since 1970.
    pub sent_us: u64,
    /// When all was seen to be handled, by this machine's clock, µs since 1970.
    pub seen_us: u64,
    /// What became of the items.
    pub handled: Handled,
    /// The function's invocations; none if their REPORT lines are missing.
    pub billed: Option<Billed>,
}

/// What became of the items.
#[derive(Debug, Default)]
pub struct Handled {
    /// What the run log says.
    pub log: RunLog,
    /// What was given up.
    pub dead_letters: DeadLetters,
    /// Whether the user has stopped the run, so that the others are not lost.
    pub is_stopped: bool,
}

impl SplitObservation {
    /// Attempts at splitting the event, as the log has them.
    pub fn split_attempts(&self) -> u64 {
        self.handled.log.split.as_ref().map_or(0, |split| split.attempts)
    }

    /// Attempts at items, as the log has them.
    pub fn item_attempts(&self) -> u64 {
        self.handled.log.items.values().map(|entry| entry.attempts).sum()
    }

    /// Items that are neither done nor given up.
    fn undone(&self) -> u64 {
        let Handled { log, dead_letters, .. } = &self.handled;
        let done: HashSet<_> = log.done().map(|(id, ..)| id).collect();
        let given_up = dead_letters.items.reasons().keys().filter(|id| !done.contains(id)).count();
        self.items.saturating_sub((done.len() + given_up) as u64)
    }

    /// The fewest invocations that can have been.
    fn least_invocations(&self, batch_size: u64) -> u64 {
        let batch_size = if self.trigger == Trigger::Sequential { 1 } else { batch_size };
        let least = self.split_attempts() + self.item_attempts().div_ceil(batch_size);
        least.max(u64::from(self.reply.is_some()))
    }
}

/// An event that is split at one concurrency.
#[derive(Clone, Copy)]
struct Split<'a> {
    run: &'a Run,
    event: &'a Event,
    /// The name in the run log.
    name: &'a str,
    concurrency: u64,
}

/// What an aborted run leaves behind.
#[derive(Default)]
struct UnderWay {
    /// The run in the log whose event, or whose items' first messages, were sent.
    name: Cell<Option<String>>,
    /// The execution whose functions send items.
    execution: RefCell<Option<String>>,
}

/// Splits the event at each concurrency, and gives the queue back its own. If the user presses Ctrl-C, items that are in the queue
/// are removed, those that are done count, and no other concurrency starts.
///
/// # Errors
/// If AWS fails; [`Interrupted`] if the user stopped it before an item was done, or aborted it.
pub async fn execute(run: &Run, options: &Options) -> Result<Observation> {
    let event = Event::new(options, run)?;
    let concurrencies = match options.concurrency.as_slice() {
        [] => vec![run.deployment().required("concurrency")?],
        all => all.to_vec(),
    };
    preflight::check(run, &event, &concurrencies)?;
    let uses_queue = concurrencies.iter().any(|concurrency| *concurrency > 1);
    let mapping = if uses_queue { Some(EventSourceMapping::find(run).await?) } else { None };
    let under_way = UnderWay::default();
    let work = split_at_each(run, &event, &concurrencies, mapping.as_ref(), &under_way);
    let splits = run.stop.unless_aborted(work, || remaining_work(run, under_way.name.take())).await;
    if splits.is_err() {
        load_generator::stop(run.context(), &under_way.execution).await;
    }
    if let Some(mapping) = mapping {
        match (mapping.restore().await, &splits) {
            (Ok(true), Err(_)) => {
                output::print_error("the queue's concurrency was restored to the stack's setting");
            }
            (Ok(_), _) => {}
            (Err(error), Ok(_)) => return Err(error),
            (Err(error), Err(_)) => output::print_error(format_args!("warning: {error:#}")),
        }
    }
    let splits = splits?;
    if splits.is_empty() {
        return Err(Interrupted("no item was done".to_owned()).into());
    }
    let missing = missing(&splits, &concurrencies);
    let mut observation = Observation { event, splits, warnings: Vec::new(), missing };
    run.stop.waits_for("the REPORT lines of what was done");
    run.stop
        .unless_aborted(find_billed(run, &mut observation), || "all that was sent is done".to_owned())
        .await?;
    Ok(observation)
}

/// What the user has kept from being done, in words: items of a split, and the concurrencies behind the last one.
fn missing(splits: &[SplitObservation], concurrencies: &[u64]) -> Vec<String> {
    let interrupted = splits.iter().filter_map(|split| {
        let undone = split.undone();
        (split.handled.is_stopped && undone > 0)
            .then(|| format!("concurrency {}: {undone} of {} items", split.concurrency, split.items))
    });
    let left_out =
        concurrencies.iter().skip(splits.len()).map(|concurrency| format!("concurrency {concurrency}"));
    interrupted.chain(left_out).collect()
}

/// The same, in words.
fn remaining_work(run: &Run, under_way: Option<String>) -> String {
    under_way.map_or_else(
        || "no event was sent".to_owned(),
        |name| {
            format!(
                "run {name} was triggered, and the items that are in the queue will still be done; to see them: eval \"$({})\"",
                run.deployment().pulumi("stack output splitterResults")
            )
        },
    )
}

async fn split_at_each(
    run: &Run,
    event: &Event,
    concurrencies: &[u64],
    mapping: Option<&EventSourceMapping<'_>>,
    under_way: &UnderWay,
) -> Result<Vec<SplitObservation>> {
    let mut splits = Vec::new();
    for (index, &concurrency) in concurrencies.iter().enumerate() {
        let next = Instant::now() + PAUSE;
        let empty = until_empty(run.context(), &run.deployed.queue.url);
        let empty = run.stop.unless_requested(empty, || "no event was sent".to_owned()).await;
        let Some(limits) = run.stop.measured(empty)? else { break };
        if let Some(mapping) = mapping.filter(|_| concurrency > 1) {
            mapping.set_concurrency(concurrency).await?;
        }
        if index > 0 {
            sleep_until(next).await;
        }
        let name = split_name(run, index, concurrency);
        if run.stop.is_requested() {
            break;
        }
        under_way.name.set(Some(name.clone()));
        run.stop.waits_for("the items that are being done");
        let split = Split { run, event, name: &name, concurrency };
        let split = self::split(split, limits, &under_way.execution).await?;
        under_way.name.set(None);
        if split.handled.is_stopped && split.handled.log.done().next().is_none() {
            break;
        }
        splits.push(split);
    }
    Ok(splits)
}

/// The name in the run log; its number tells it from others at the same concurrency.
fn split_name(run: &Run, index: usize, concurrency: u64) -> String {
    format!("{}-{}-{concurrency}", run.name, index + 1)
}

/// Triggers one split and waits for its end.
async fn split(
    split: Split<'_>,
    limits: Limits,
    execution: &RefCell<Option<String>>,
) -> Result<SplitObservation> {
    let mut sent_us = now_us();
    let (mut items, mut reply, mut sent) = (split.event.items(), None, None);
    let (trigger, handled) = if split.concurrency == 1 {
        (Trigger::Sequential, sequential::handle_all(split, limits.receives).await?)
    } else {
        let trigger = if let Some(functions) = split.event.functions {
            let (start_us, of_functions) = functions::send(split, functions, execution).await?;
            sent_us = start_us;
            sent = Some(of_functions);
            Trigger::Functions
        } else if split.event.file.is_some() {
            items = reply.insert(send::invoke(split).await?).count;
            Trigger::Invoke
        } else {
            send::put_event(split).await?;
            Trigger::EventBus
        };
        let unsent = sent.as_ref().map(|sent| sent.unsent.clone()).unwrap_or_default();
        let mut handled = wait::until_handled(split, items, &unsent, limits).await?;
        if reply.as_ref().is_some_and(Reply::is_rejected) {
            // The function has put it there before it answered.
            handled.dead_letters.collect(split.run, split.name).await?;
        }
        (trigger, handled)
    };
    let (run, concurrency) = (split.name.to_owned(), split.concurrency);
    let seen_us = now_us();
    Ok(SplitObservation {
        run,
        concurrency,
        trigger,
        reply,
        sent,
        items,
        sent_us,
        seen_us,
        handled,
        billed: None,
    })
}

/// Looks up what Lambda charges for.
async fn find_billed(run: &Run, observation: &mut Observation) -> Result<()> {
    let now = Instant::now();
    for split in &mut observation.splits {
        let end_us = split.handled.log.last_end_us().unwrap_or_default().max(split.seen_us);
        let span = Span {
            function: &run.deployed.functions.worker,
            from_ms: i64::try_from(split.sent_us / 1000)?,
            to_ms: i64::try_from(end_us / 1000)?,
            invocations: Invocations::Known {
                ids: split.handled.log.request_ids.clone(),
                least: split.least_invocations(batch_size(run)),
            },
        };
        split.billed = billing_log::billed(run.context(), &span, now, &mut observation.warnings).await?;
        if let Some(SentItems { generation, .. }) = &mut split.sent {
            observation.warnings.extend(generation.deaths(&run.logs_command("splitter/load")));
            let (function, warnings) = (&generator(run)?.function, &mut observation.warnings);
            generation.look_up(run.context(), function, now, warnings).await?;
        }
    }
    Ok(())
}

/// Items that an invocation by the queue gets at most.
pub fn batch_size(run: &Run) -> u64 {
    run.deployment().setting("batchSize").unwrap_or(1)
}

/// By this machine's clock, µs since 1970.
fn now_us() -> u64 {
    u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::testing::split_at;

    #[test]
    fn a_run_that_was_stopped_says_which_items_and_concurrencies_are_missing() {
        assert_eq!(missing(&[split_at(1), split_at(5)], &[1, 5]), [""; 0]);
        let mut stopped = split_at(5);
        stopped.handled.is_stopped = true;
        assert_eq!(missing(&[split_at(1), stopped], &[1, 5]), [""; 0], "all were done in the meantime");
        let mut stopped = split_at(5);
        stopped.handled.log.items.retain(|id, _| id.as_str() < "0012");
        stopped.handled.dead_letters.items.add("0013", Some("poison"));
        stopped.handled.is_stopped = true;
        let expected = ["concurrency 5: 7 of 20 items", "concurrency 10"];
        assert_eq!(missing(&[split_at(1), stopped], &[1, 5, 10]), expected);
    }
}
