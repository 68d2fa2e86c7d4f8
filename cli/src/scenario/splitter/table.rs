//! What fan-out through a queue brought, as people read it.

use std::fmt::Write as _;

use results::scenario::splitter::{Invocations, Items, Road, SplitPrice, SplitRun, Splitting, Task};

use crate::scenario::shared::tables::{self, LATENCIES, table, usd};

/// What an invocation may last at most, s.
const LONGEST: f64 = 900.0;

/// The figures, and what stands out in them.
pub fn render(splitting: &Splitting) -> String {
    let mut text = format!("\n{}\n", heading(&splitting.task));
    for run in &splitting.runs {
        text.push_str(&reply(run));
    }
    let handled: Vec<_> = splitting.runs.iter().filter(|run| items(&run.items) > 0).collect();
    if !handled.is_empty() {
        let _ = writeln!(text, "{}", speed(&handled));
        let _ = writeln!(text, "\nUSD a million items\n{}", prices(&handled));
        let split = handled.iter().find(|run| run.split_seconds.is_some());
        text.push_str(&split.map_or_else(String::new, |run| one_invocation(run)));
    }
    for run in handled {
        text.push_str(&notes(run));
    }
    text
}

fn items(items: &Items) -> u64 {
    items.done + items.dead_lettered + items.lost
}

fn heading(task: &Task) -> String {
    let file = task.file.as_ref().map_or_else(String::new, |file| format!(" of {file}"));
    let event = format!("one event{file}, {} bytes", task.event_bytes);
    if task.items == 0 {
        return event;
    }
    let serial = protocol::stats::real(task.items) * task.item_seconds;
    let items = tables::count(task.items, "item");
    format!("{event}, {items} of {} s: {} one after the other", task.item_seconds, seconds(serial))
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

fn reply(run: &SplitRun) -> String {
    run.reply.as_ref().map_or_else(String::new, |reply| {
        format!(
            "the function answered: {} {} ({})\n",
            reply.status_code,
            reply.body,
            tables::count(reply.count, "item")
        )
    })
}

/// How much sooner the items are done.
fn speed(runs: &[&SplitRun]) -> comfy_table::Table {
    let queueing = format!("queueing {LATENCIES}");
    let header = [
        "concurrency",
        "at once",
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
            run.at_once.to_string(),
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

/// What that costs.
fn prices(runs: &[&SplitRun]) -> comfy_table::Table {
    let header = [
        "concurrency",
        "Lambda time",
        "Lambda requests",
        "SQS",
        "EventBridge",
        "sum",
        "in one invocation",
        "run log",
    ];
    let rows = runs.iter().map(|run| {
        let price = &run.price;
        let parts = [
            price.compute_usd,
            price.lambda_requests_usd,
            price.queue_usd,
            price.event_bus_usd,
            price.per_million_usd,
            price.one_invocation_usd,
            price.log_usd,
        ];
        let parts = parts.map(|part| part.map_or_else(tables::none, |usd| format!("{usd:.3}")));
        std::iter::once(run.concurrency.to_string()).chain(parts).collect()
    });
    table(&header.map(ToOwned::to_owned), rows, &[])
}

/// What splitting costs more than doing all items in one invocation.
fn one_invocation(run: &SplitRun) -> String {
    let SplitPrice { per_million_usd, one_invocation_usd, one_invocation_seconds: takes, .. } = run.price;
    if takes > LONGEST {
        return format!(
            "all items in one invocation is a calculation: it would last {}, and Lambda ends invocations after {LONGEST} s\n",
            seconds(takes)
        );
    }
    per_million_usd.zip(one_invocation_usd).map_or_else(String::new, |(split, one)| {
        format!(
            "at concurrency {} splitting costs {} a million items more than one invocation of {}, besides the run log\n",
            run.concurrency,
            usd(split - one),
            seconds(takes)
        )
    })
}

/// What is to know about a run.
fn notes(run: &SplitRun) -> String {
    let mut text = String::new();
    let concurrency = run.concurrency;
    if run.road == Road::OneByOne {
        text.push_str(
            "concurrency 1 is without the queue: lambench handed the function one item after the other\n",
        );
    }
    if let Some(invocations) =
        run.invocations.filter(|invocations| invocations.counted > invocations.expected)
    {
        let _ = writeln!(text, "concurrency {concurrency}: {}", more(&invocations));
    }
    for (reason, count) in &run.items.reasons {
        let _ = writeln!(text, "concurrency {concurrency}: dead-lettered: {count} × {reason}");
    }
    if run.items.dead_lettered_done > 0 {
        let _ = writeln!(
            text,
            "concurrency {concurrency}: {} of those that are done are in the dead-letter queue all the same",
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
        (others, "for items that were done or under way already, or that ended before they had begun one"),
    ] {
        if *count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    format!("{counted} invocations, {expected} expected; {}", parts.join(", "))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
