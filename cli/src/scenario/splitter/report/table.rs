//! What fan-out through a queue brought, as people read it.

use std::fmt::Write as _;

use protocol::splitter::Reply;
use protocol::stats::real;
use results::cost::Cost;
use results::scenario::splitter::{
    Invocations, Items, ONE_INVOCATION_COST, SPLIT_COST, SplitRun, Splitting, Task, Trigger, cost_item,
};

use crate::layout::Table;
use crate::scenario::shared::cost;
use crate::scenario::shared::load_generator::sent_line;
use crate::scenario::shared::tables::{self, LATENCIES, table, usd};

/// The figures, and what stands out in them.
pub fn render(splitting: &Splitting, costs: &[Cost]) -> String {
    let mut text = format!("\n{}\n", heading(&splitting.task));
    text.extend(splitting.runs.iter().filter_map(|run| run.reply.as_ref()).map(reply));
    let handled: Vec<_> = splitting.runs.iter().filter(|run| items(&run.items) > 0).collect();
    if !handled.is_empty() {
        let _ = writeln!(text, "{}\n\n{}", speed(&handled), cost::render(costs).trim_end());
        let split = handled.iter().find(|run| run.trigger != Trigger::Sequential);
        text.extend(split.and_then(|run| one_invocation(&splitting.task, run, costs)));
    }
    text.extend(handled.into_iter().map(|run| notes(&splitting.task, run)));
    text
}

fn items(items: &Items) -> u64 {
    items.done + items.dead_lettered + items.lost + items.unsent
}

fn heading(task: &Task) -> String {
    let serial = seconds(real(task.items) * task.item_seconds);
    let items = tables::count(task.items, "item");
    if let Some(workers) = task.workers {
        let workers = tables::count(workers, "function");
        let bytes = task.message_bytes;
        return format!(
            "{items} of {} s, sent by {workers} in messages of up to {bytes} bytes: {serial} one after the other",
            task.item_seconds
        );
    }
    let file = task.file.as_ref().map_or_else(String::new, |file| format!(" of {file}"));
    let event = format!("one event{file}, {} bytes", task.event_bytes);
    if task.items == 0 {
        return event;
    }
    format!("{event}, {items} of {} s: {serial} one after the other", task.item_seconds)
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

fn reply(Reply { status_code, count, body }: &Reply) -> String {
    format!("the function answered: {status_code} {body} ({})\n", tables::count(*count, "item"))
}

/// How much sooner the items are done.
/// A row for each concurrency.
pub fn speed(runs: &[&SplitRun]) -> Table {
    let queueing = format!("queueing {LATENCIES}");
    let header = [
        "concurrency",
        "peak",
        "done / dead / lost",
        "invocations",
        "queued",
        "elapsed",
        "speed-up",
        "efficiency",
        &queueing,
    ];
    let or_none = |value: Option<String>| value.unwrap_or_else(tables::none);
    let seconds = |value: Option<f64>| or_none(value.map(|seconds| format!("{seconds:.2} s")));
    let rows = runs.iter().map(|run| {
        let Items { done, dead_lettered, lost, .. } = run.items;
        vec![
            run.concurrency.to_string(),
            run.peak_concurrency.to_string(),
            format!("{done} / {dead_lettered} / {lost}"),
            or_none(run.invocations.map(|invocations| invocations.counted.to_string())),
            seconds(run.split_seconds),
            seconds(run.elapsed_seconds),
            or_none(run.speed_up.map(|speed_up| format!("{speed_up:.2} ×"))),
            or_none(run.efficiency.map(|efficiency| format!("{:.0} %", efficiency * 100.0))),
            tables::latency(run.queueing_ms.as_ref()),
        ]
    });
    table(&header.map(ToOwned::to_owned), rows, &[])
}

/// What splitting costs more than doing all items in one invocation.
fn one_invocation(task: &Task, run: &SplitRun, costs: &[Cost]) -> Option<String> {
    let takes = run.one_invocation_seconds;
    if takes > real(task.max_invocation_seconds) {
        return Some(format!(
            "all items in one invocation is calculated: it would last {}, but Lambda stops invocations after {} s\n",
            seconds(takes),
            task.max_invocation_seconds
        ));
    }
    let find = |what| cost::usd_of(costs, &cost_item(run.concurrency, what));
    Some(format!(
        "concurrency {}: {} costs {} more per million items than one invocation of {}, besides the run log\n",
        run.concurrency,
        if run.trigger == Trigger::Functions { "the queue" } else { "splitting" },
        usd(find(SPLIT_COST)? - find(ONE_INVOCATION_COST)?),
        seconds(takes)
    ))
}

/// What is to know about a run.
fn notes(task: &Task, run: &SplitRun) -> String {
    let mut text = String::new();
    let concurrency = run.concurrency;
    if run.trigger == Trigger::Sequential {
        text.push_str(
            "concurrency 1 is without the queue: lambench handed the function one item after the other\n",
        );
    }
    if let Some(senders) = &run.senders {
        let line = sent_line(senders, task.items.saturating_sub(senders.unsent), "item");
        let _ = writeln!(text, "concurrency {concurrency}: {line}");
    }
    if let Some(invocations) =
        run.invocations.filter(|invocations| invocations.counted > invocations.expected)
    {
        let _ = writeln!(text, "concurrency {concurrency}: {}", more(&invocations));
    }
    for (reason, count) in &run.items.reasons {
        let _ = writeln!(text, "concurrency {concurrency}: dead-lettered: {count} × {reason}");
    }
    if run.items.interrupted > 0 {
        let undone = tables::count(run.items.interrupted, "item");
        let _ = writeln!(text, "concurrency {concurrency}: interrupted: {undone} not done");
    }
    if run.items.dead_lettered_done > 0 {
        let _ = writeln!(
            text,
            "concurrency {concurrency}: {} of those that are done are also in the dead-letter queue",
            run.items.dead_lettered_done
        );
    }
    text
}

/// Why there were more invocations than items and one.
fn more(invocations: &Invocations) -> String {
    let Invocations { counted, expected, split_repeats, item_repeats, others } = invocations;
    let mut parts = Vec::new();
    for (count, what) in [
        (split_repeats, "for splitting again"),
        (item_repeats, "for further attempts at items"),
        (others, "for items that were done or under way already, or that ended before they had started one"),
    ] {
        if *count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    format!("{counted} invocations, {expected} expected; {}", parts.join(", "))
}
