//! The result of the runs: their figures, samples, statistics and cost.

use std::time::Duration;

use protocol::histogram::Histogram;
use protocol::stats::real;
use results::cost::Cost;
use results::scenario::Detail;
use results::scenario::splitter::{Invocations, Items, Road, SplitRun, Splitting, Task};

use super::find::{Findings, Found};
use super::log::{RunLog, item_id};
use super::price::Usage;
use super::{Test, violations, warnings};
use crate::scenario::shared::billing_log::function_use;
use crate::scenario::shared::cost::quoted;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::series::{Series, Values};

/// Lost items that a result names by their ids.
const MAX_IDS: usize = 100;

/// The result of a test.
pub fn result(test: &Test, findings: &Findings) -> Measurement {
    let splitting = splitting(test, findings);
    let mut warnings = findings.warnings.clone();
    warnings.extend(warnings::of(test, findings, &splitting));
    let measured: Vec<_> =
        findings.runs.iter().zip(&splitting.runs).flat_map(|(found, run)| measured(found, run)).collect();
    let costs = findings.runs.iter().zip(&splitting.runs).filter_map(|(found, run)| cost(test, found, run));
    let failed_checks =
        findings.runs.iter().zip(&splitting.runs).flat_map(|(found, run)| violations::of(run, found));
    Measurement {
        cost: costs.collect(),
        series: measured,
        warnings,
        failed_checks: failed_checks.collect(),
        detail: Detail::Splitter(splitting),
    }
}

/// What a test has found out, in figures.
pub fn splitting(test: &Test, findings: &Findings) -> Splitting {
    let runs: Vec<_> = findings.runs.iter().map(|found| figures(test, found)).collect();
    let event = test.event.in_run(&test.run(0));
    Splitting {
        task: Task {
            file: test.event.file.clone(),
            items: test.event.items(),
            item_seconds: test.event.item_seconds,
            event_bytes: event.to_string().len() as u64,
            message_bytes: test.event.message_bytes(&test.run(0)),
            batch_size: test.batch_size(),
        },
        runs,
    }
}

/// The figures of one run.
pub fn figures(test: &Test, found: &Found) -> SplitRun {
    let log = &found.handled.log;
    let items = items(found);
    let since_sent = |time_us: u64| real(time_us.saturating_sub(found.sent_us)) / 1e6;
    let elapsed_seconds = log.last_end_us().map(since_sent);
    let serial_seconds = real(items.done) * test.event.item_seconds;
    let speed_up = elapsed_seconds.filter(|_| serial_seconds > 0.0).map(|elapsed| serial_seconds / elapsed);
    SplitRun {
        run: found.run.clone(),
        concurrency: found.concurrency,
        road: found.road,
        reply: found.reply.clone(),
        invocations: invocations(found),
        elapsed_seconds,
        serial_seconds,
        speed_up,
        efficiency: speed_up.map(|speed_up| speed_up / real(found.concurrency.min(found.items))),
        at_once: at_once(log),
        split_seconds: log.split.and_then(|split| split.ended_us).map(since_sent),
        queueing_ms: queueing(log).latency(),
        item_ms: durations(log).latency(),
        function: found.billed.as_ref().map(|billed| function_use("worker", billed)),
        price: usage(test, found, items.done).price(),
        items,
    }
}

/// What became of the items.
fn items(found: &Found) -> Items {
    let Found { handled, .. } = found;
    let mut items = Items::default();
    for id in (0..usize::try_from(found.items).unwrap_or_default()).map(item_id) {
        let entry = handled.log.items.get(&id);
        let reason = handled.dead.items.get(&id);
        // An event that was given up takes with it what it hasn't queued.
        let reason = reason.or(handled.dead.event.as_ref().filter(|_| entry.is_none()));
        match (entry.is_some_and(|entry| entry.ended_us.is_some()), reason) {
            (true, reason) => {
                items.done += 1;
                items.dead_lettered_done += u64::from(reason.is_some());
            }
            (false, Some(reason)) => {
                items.dead_lettered += 1;
                *items.reasons.entry(reason.clone()).or_default() += 1;
            }
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

fn invocations(found: &Found) -> Option<Invocations> {
    let counted = found.billed?.invocations;
    // An event without items is looked at as well.
    let to_split = u64::from(found.road != Road::OneByOne && found.items != 1);
    let begun = found.handled.log.items.values().filter(|entry| entry.attempts > 0).count() as u64;
    let expected = found.items + to_split;
    let split_repeats = found.split_attempts().saturating_sub(1);
    let item_repeats = found.item_attempts().saturating_sub(begun);
    let others = counted.saturating_sub(expected + split_repeats + item_repeats);
    Some(Invocations { counted, expected, split_repeats, item_repeats, others })
}

/// Most items that were under way at once.
fn at_once(log: &RunLog) -> u64 {
    let mut changes: Vec<_> = log.done().flat_map(|(_, _, start, end)| [(start, 1), (end, -1)]).collect();
    // An end comes before a begin at the same time.
    changes.sort_unstable();
    let (mut now, mut most) = (0_i64, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    u64::try_from(most).unwrap_or_default()
}

/// From sending an item's message to the begin of the attempt that did it.
fn queueing(log: &RunLog) -> Histogram {
    histogram(log.done().filter_map(|(_, entry, start, _)| Some((entry.queued_us?, start))))
}

/// From that begin to the end.
fn durations(log: &RunLog) -> Histogram {
    histogram(log.done().map(|(_, _, start, end)| (start, end)))
}

fn histogram(spans_us: impl Iterator<Item = (u64, u64)>) -> Histogram {
    let mut histogram = Histogram::default();
    spans_us.for_each(|(from, to)| histogram.record(Duration::from_micros(to.saturating_sub(from))));
    histogram
}

/// What a run used.
fn usage(test: &Test, found: &Found, done: u64) -> Usage {
    let deployment = &test.splitter.deployment;
    Usage {
        road: found.road,
        items: found.items,
        done,
        item_seconds: test.event.item_seconds,
        architecture: deployment.architecture.clone(),
        memory_mb: deployment.setting("memory").unwrap_or_default(),
        billed: found.billed,
        split_attempts: found.split_attempts(),
        item_attempts: found.item_attempts(),
        batch_size: test.batch_size(),
        event_bytes: test.event.in_run(&found.run).to_string().len() as u64,
        message_bytes: test.event.message_bytes(&found.run),
    }
}

/// The price of a million items.
fn cost(test: &Test, found: &Found, run: &SplitRun) -> Option<Cost> {
    Some(quoted(
        format!("concurrency {}: a million items", run.concurrency),
        run.price.per_million_usd?,
        usage(test, found, run.items.done).quoted(&run.price),
    ))
}

fn measured(found: &Found, run: &SplitRun) -> Vec<Series> {
    let log = &found.handled.log;
    let failures = run.items.dead_lettered + run.items.lost;
    let throughput = run.elapsed_seconds.map(|seconds| real(run.items.done) / seconds);
    let named = [("queueing", queueing(log), None), ("item", durations(log), throughput)];
    let taken = named.into_iter().filter(|(_, histogram, _)| histogram.count() > 0);
    let measured = taken.map(|(name, histogram, per_second)| Series {
        name: format!("concurrency {}: {name}", run.concurrency),
        values: Values::Histogram(histogram),
        failures,
        per_second,
    });
    measured.collect()
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
