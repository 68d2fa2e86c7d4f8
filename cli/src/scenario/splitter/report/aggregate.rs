//! The figures of the splits.

use std::time::Duration;

use protocol::histogram::Histogram;
use protocol::splitter::item_id;
use protocol::stats::real;
use results::scenario::Senders;
use results::scenario::splitter::{Invocations, Items, SplitRun, Splitting, Task, Trigger};

use super::timeline::timeline;
use crate::scenario::shared::billing_log::function_use;
use crate::scenario::splitter::Run;
use crate::scenario::splitter::execute::{Event, Observation, RunLog, SplitObservation, batch_size};

/// Lost items that a result names by their ids.
const MAX_IDS: usize = 100;

/// What was observed, in figures.
pub fn splitting(run: &Run, observation: &Observation) -> Splitting {
    let Observation { event, splits, .. } = observation;
    let name = splits.first().map_or(run.name.as_str(), |split| &split.run);
    Splitting {
        task: Task {
            file: event.file.clone(),
            items: event.items(),
            item_seconds: event.item_seconds,
            event_bytes: event.bytes(name),
            message_bytes: event.message_bytes(name),
            batch_size: batch_size(run),
            max_invocation_seconds: run.deployment().clamp("timeoutSeconds", u64::MAX),
            workers: event.functions.map(|functions| functions.workers),
        },
        runs: splits.iter().map(|split| split_run(event, split)).collect(),
    }
}

/// The figures of one split.
pub fn split_run(event: &Event, split: &SplitObservation) -> SplitRun {
    let log = &split.handled.log;
    let items = items(split);
    let since_sent = |time_us: u64| real(time_us.saturating_sub(split.sent_us)) / 1e6;
    let elapsed_seconds = log.last_end_us().map(since_sent);
    let serial_seconds = real(items.done) * event.item_seconds;
    let speed_up = elapsed_seconds.filter(|_| serial_seconds > 0.0).map(|elapsed| serial_seconds / elapsed);
    SplitRun {
        run: split.run.clone(),
        concurrency: split.concurrency,
        trigger: split.trigger,
        reply: split.reply.clone(),
        invocations: invocations(split, &items),
        elapsed_seconds,
        serial_seconds,
        speed_up,
        efficiency: speed_up.map(|speed_up| speed_up / real(split.concurrency.min(split.items))),
        peak_concurrency: peak_concurrency(log),
        split_seconds: match &split.sent {
            Some(sent) => Some(sent.senders.seconds),
            None => log.split.as_ref().and_then(|entry| entry.ended_us).map(since_sent),
        },
        senders: split.sent.as_ref().map(|sent| Senders { unsent: items.unsent, ..sent.senders }),
        queueing_ms: queueing(log).latency(),
        item_ms: durations(log).latency(),
        function: split.billed.as_ref().map(|billed| function_use("worker", billed)),
        one_invocation_seconds: real(split.items) * event.item_seconds,
        timeline: timeline(log, split.sent_us),
        items,
    }
}

/// What became of the items.
fn items(split: &SplitObservation) -> Items {
    let handled = &split.handled;
    let mut items = Items::default();
    for id in (0..usize::try_from(split.items).unwrap_or_default()).map(item_id) {
        let entry = handled.log.items.get(&id);
        let reason = handled.dead_letters.items.reasons().get(&id);
        // An event that was given up takes with it what it hasn't queued.
        let reason = reason.or(handled.dead_letters.event.as_ref().filter(|_| entry.is_none()));
        match (entry.is_some_and(|entry| entry.ended_us.is_some()), reason) {
            (true, reason) => {
                items.done += 1;
                items.dead_lettered_done += u64::from(reason.is_some());
            }
            (false, Some(reason)) => {
                items.dead_lettered += 1;
                *items.reasons.entry(reason.clone()).or_default() += 1;
            }
            (false, None) if split.sent.as_ref().is_some_and(|sent| sent.unsent.has(&id)) => {
                items.unsent += 1;
            }
            (false, None) if handled.is_stopped => items.interrupted += 1,
            (false, None) => {
                items.lost += 1;
                if items.lost_ids.len() < MAX_IDS {
                    items.lost_ids.push(id);
                }
            }
        }
    }
    items
}

fn invocations(split: &SplitObservation, items: &Items) -> Option<Invocations> {
    let counted = split.billed?.invocations;
    // An event without items takes an invocation as well.
    let is_split = !matches!(split.trigger, Trigger::Sequential | Trigger::Functions);
    let to_split = u64::from(is_split && split.items != 1);
    let started = split.handled.log.items.values().filter(|entry| entry.attempts > 0).count() as u64;
    let expected = split.items - items.interrupted - items.unsent + to_split;
    let split_repeats = split.split_attempts().saturating_sub(1);
    let item_repeats = split.item_attempts().saturating_sub(started);
    let others = counted.saturating_sub(expected + split_repeats + item_repeats);
    Some(Invocations { counted, expected, split_repeats, item_repeats, others })
}

/// Most items that were under way at once.
fn peak_concurrency(log: &RunLog) -> u64 {
    let mut changes: Vec<_> = log.done().flat_map(|(_, _, start, end)| [(start, 1), (end, -1)]).collect();
    // An end comes before a start at the same time.
    changes.sort_unstable();
    let (mut now, mut most) = (0_i64, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    u64::try_from(most).unwrap_or_default()
}

/// From sending an item's message to the start of the attempt that did it.
pub fn queueing(log: &RunLog) -> Histogram {
    histogram(log.done().filter_map(|(_, entry, start, _)| Some((entry.queued_us?, start))))
}

/// From that start to the end.
pub fn durations(log: &RunLog) -> Histogram {
    histogram(log.done().map(|(_, _, start, end)| (start, end)))
}

fn histogram(spans_us: impl Iterator<Item = (u64, u64)>) -> Histogram {
    let mut histogram = Histogram::default();
    spans_us.for_each(|(from, to)| histogram.record(Duration::from_micros(to.saturating_sub(from))));
    histogram
}
