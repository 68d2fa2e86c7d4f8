//! A load as people read it.

use std::cmp::Reverse;
use std::fmt::Write as _;

use protocol::aurora::Endpoint;
use results::cost::Cost;
use results::scenario::aurora::knee::KneeKind;
use results::scenario::aurora::{Aggregate, Load, QueueRun, RampRun, Runs};

use crate::layout::Table;
use crate::scenario::aurora::clients;
use crate::scenario::shared::cost;
use crate::scenario::shared::tables::{self, LATENCIES, distinct, ms, per_second, table};

/// Reasons for dead letters that people get to see.
const MAX_REASONS: usize = 5;

/// The tables of all runs with what stands out in them, and what they cost.
pub fn render(load: &Load, costs: &[Cost]) -> String {
    let runs = match &load.runs {
        Runs::Ramp(runs) => ramps(runs),
        Runs::Queue(runs) => queues(runs),
    };
    let costs = cost::render(costs);
    if costs.is_empty() { runs } else { format!("{runs}\n{costs}") }
}

/// A table for each action, the drivers side by side.
fn ramps(runs: &[RampRun]) -> String {
    let mut text = String::new();
    for action in distinct(runs.iter().map(|run| &run.action)) {
        let runs: Vec<&RampRun> = runs.iter().filter(|run| run.action == *action).collect();
        let _ = writeln!(text, "\n{}\n{}", heading(&runs), ramp_table(&runs));
        for run in runs {
            let _ = writeln!(text, "{}: {}", run.driver, knee(run));
            if let Some((ledger, rows)) = run.ledger.and_then(|ledger| Some((ledger, ledger.rows?))) {
                let _ = writeln!(
                    text,
                    "{}: {} completions, {rows} rows in the table",
                    run.driver, ledger.completions
                );
            }
        }
    }
    text
}

/// What was run.
pub fn heading(runs: &[&RampRun]) -> String {
    let Some(run) = runs.first() else { return String::new() };
    let rate = run.stages.first().and_then(|stage| stage.offered_tps);
    let batch = if run.batch > 1 { format!(", {} rows per statement", run.batch) } else { String::new() };
    let host = if run.host == Endpoint::Reader { " on the reader" } else { "" };
    let how = match rate {
        Some(rate) => format!("open loop, {rate:.0} units/s offered"),
        None => "closed loop".to_owned(),
    };
    format!("{}{host}{batch}: {how}, {} s per stage", run.action, run.seconds)
}

/// A row for each number of clients, the drivers side by side.
pub fn ramp_table(runs: &[&RampRun]) -> Table {
    let mut header = vec!["clients".to_owned()];
    for run in runs {
        let driver = run.driver;
        header.extend([
            format!("{driver} TPS"),
            LATENCIES.to_owned(),
            "errors".to_owned(),
            "connections".to_owned(),
        ]);
    }
    let stages = runs.iter().map(|run| run.stages.len()).max().unwrap_or(0);
    let rows = (0..stages).map(|index| {
        let clients = runs.iter().find_map(|run| run.stages.get(index)).map_or(0, |stage| stage.clients);
        let cells = runs.iter().flat_map(|run| match run.stages.get(index) {
            Some(stage) => cells(&stage.aggregate),
            None => std::array::from_fn(|_| tables::none()),
        });
        std::iter::once(clients.to_string()).chain(cells).collect::<Vec<_>>()
    });
    table(&header, rows, &[])
}

fn cells(aggregate: &Aggregate) -> [String; 4] {
    [
        per_second(aggregate.tps),
        tables::latency(aggregate.latency_ms.as_ref()),
        errors(aggregate),
        aggregate.connections.map_or_else(tables::none, |count| count.to_string()),
    ]
}

/// A row for each driver and action.
fn queues(runs: &[QueueRun]) -> String {
    let mut header: Vec<String> =
        ["driver", "action", "completions", "TPS", LATENCIES].map(ToOwned::to_owned).to_vec();
    header.extend(["errors", "connections", "attempts", "repeats"].map(ToOwned::to_owned));
    let rows = runs.iter().flat_map(|run| {
        run.actions.iter().map(|one| {
            let aggregate = &one.aggregate;
            let host = if one.host == Endpoint::Reader { " (reader)" } else { "" };
            let named =
                [run.driver.to_string(), format!("{}{host}", one.action), aggregate.completions.to_string()];
            let counted = [aggregate.workers.to_string(), aggregate.repeats.to_string()];
            named.into_iter().chain(cells(aggregate)).chain(counted).collect()
        })
    });
    let mut text = format!("\n{}\n", table(&header, rows, &[0, 1]));
    for run in runs {
        text.push_str(&messages(run));
    }
    text
}

/// What became of a run's messages.
fn messages(run: &QueueRun) -> String {
    let equal = |same: bool| if same { "=" } else { "≠" };
    let mut text = format!(
        "{}: {} messages of {} statements sent {} {} done + {} dead-lettered\n",
        run.driver,
        run.sent,
        run.statements,
        equal(run.sent == run.done + run.dead_lettered),
        run.done,
        run.dead_lettered
    );
    if let Some(rows) = run.ledger.rows {
        let written: u64 =
            run.actions.iter().filter(|one| !one.action.reads()).map(|one| one.aggregate.completions).sum();
        let _ = writeln!(
            text,
            "{}: {written} completed writes {} {rows} rows",
            run.driver,
            equal(written == rows)
        );
    }
    if run.dead_lettered_done > 0 {
        let _ = writeln!(
            text,
            "{}: {} of the done messages are also in the dead-letter queue: their workers ended before reporting success",
            run.driver, run.dead_lettered_done
        );
    }
    text.push_str(&reasons(run));
    text
}

/// Why messages are in the dead-letter queue, the most frequent reasons first.
fn reasons(run: &QueueRun) -> String {
    let mut reasons: Vec<(&String, &u64)> = run.reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| Reverse(**count));
    let mut text = String::new();
    for (reason, count) in reasons.iter().take(MAX_REASONS) {
        let _ = writeln!(text, "{}: dead-lettered: {count} × {reason}", run.driver);
    }
    let others: u64 = reasons.iter().skip(MAX_REASONS).map(|(_, count)| **count).sum();
    if others > 0 {
        let _ = writeln!(text, "{}: dead-lettered: {others} for other reasons (--json has all)", run.driver);
    }
    text
}

/// Where more load stops paying, in words.
pub fn knee(run: &RampRun) -> String {
    let stage = |count| run.stages.iter().find(|stage| stage.clients == count);
    let Some((knee, stage)) = run.knee.and_then(|knee| Some((knee, stage(knee.clients)?))) else {
        return match run.stages.as_slice() {
            [one] if one.offered_tps.is_none() => "one stage shows no knee: raise --to".to_owned(),
            [one, ..] if one.offered_tps.is_some() => "no knee: every stage kept up with the rate".to_owned(),
            _ => "no knee: TPS grew with the clients up to the last stage".to_owned(),
        };
    };
    let p99 = stage.aggregate.latency_ms.map_or_else(tables::none, |latency| ms(latency.p99));
    match knee.kind {
        KneeKind::Saturated => format!(
            "knee at {} ({} TPS, p99 {p99} ms): more clients bring longer latencies, hardly more TPS",
            clients(knee.clients),
            per_second(stage.aggregate.tps)
        ),
        KneeKind::Overloaded => format!(
            "knee at {}: {} of {:.0} units/s completed, p99 {p99} ms{}",
            clients(knee.clients),
            per_second(stage.aggregate.tps),
            stage.offered_tps.unwrap_or_default(),
            recovery(run, knee.clients)
        ),
    }
}

/// At a steady rate more clients may be what is needed: from how many on the rate is kept up with.
fn recovery(run: &RampRun, knee: u64) -> String {
    let keeps_up = |stage: &&results::scenario::aurora::Stage| stage.keeps_up();
    let enough = run.stages.iter().rev().take_while(keeps_up).last();
    match enough.filter(|stage| stage.clients > knee) {
        Some(stage) => format!("; {} keep up with it", clients(stage.clients)),
        None => String::new(),
    }
}

/// Such as `40001×3, timeout×1`, and how many workers were lost.
fn errors(aggregate: &Aggregate) -> String {
    let counted = aggregate.errors.iter().map(|(kind, count)| format!("{kind}×{count}"));
    let lost = (aggregate.lost > 0).then(|| format!("lost×{}", aggregate.lost));
    let all: Vec<String> = counted.chain(lost).collect();
    if all.is_empty() { "0".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests;
