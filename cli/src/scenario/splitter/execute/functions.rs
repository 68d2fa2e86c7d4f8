//! Items whose messages functions put into the queue together: there is no event, and nothing is split.

use std::cell::RefCell;

use anyhow::Result;
use protocol::load_generator::LoadGenerator;
use protocol::splitter::{ItemsReport, SharedItems, item_index};
use results::scenario::Senders;

use super::event::Functions;
use super::{Run, Split};
use crate::scenario::shared::load_generator::{self, Execution, Generation, Reports};

/// What functions have sent.
#[derive(Debug)]
pub struct SentItems {
    /// How they did, and how many items they have left.
    pub senders: Senders,
    /// Which these are.
    pub unsent: Unsent,
    /// Why one of them is not in the queue.
    pub reason: Option<String>,
    /// What started the functions.
    pub generation: Generation,
}

/// Items that are not known to be in the queue, by their places, as ranges with both ends included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsent(Vec<(u64, u64)>);

impl From<Vec<(u64, u64)>> for Unsent {
    fn from(ranges: Vec<(u64, u64)>) -> Self {
        Self(ranges)
    }
}

impl Unsent {
    /// Whether an item is one of them.
    pub fn has(&self, id: &str) -> bool {
        let index = item_index(id).map(|index| index as u64);
        index.is_some_and(|index| self.0.iter().any(|(first, last)| (*first..=*last).contains(&index)))
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }
}

/// What generates load on Lambda.
pub fn generator(run: &Run) -> Result<&LoadGenerator> {
    load_generator::deployed(run.deployed.load.as_ref(), run.deployment())
}

/// Has functions send all items; returns when they started, µs since 1970, and what became of it. `execution` has theirs while it is
/// under way.
pub async fn send(
    Split { run, name, .. }: Split<'_>,
    Functions { workers, items, item_seconds }: Functions,
    execution: &RefCell<Option<String>>,
) -> Result<(u64, SentItems)> {
    let load = SharedItems { run: name.to_owned(), items, workers, item_seconds };
    let input = load_generator::input(load, workers);
    run.stop.waits_for("the functions to send the rest of the items");
    let started = Execution {
        generator: generator(run)?,
        name,
        logs: &run.logs_command("splitter/load"),
        under_way: execution,
    };
    let reports = load_generator::send(run.context(), started, &input).await?;
    run.stop.waits_for("the items that are being done");
    Ok(merged(&input.load, reports))
}

fn merged(load: &SharedItems, Reports { reports, generation }: Reports<ItemsReport>) -> (u64, SentItems) {
    let mut unsent = Vec::new();
    for worker in 0..load.workers {
        if let Some(report) = reports.iter().find(|report| report.worker == worker) {
            unsent.extend(&report.unsent);
        } else {
            let part = load.part(worker);
            unsent.extend((!part.is_empty()).then(|| (part.start, part.end - 1)));
        }
    }
    let unsent = Unsent(unsent);
    let spans: Vec<_> = reports.iter().map(|report| report.span).collect();
    let start_us = spans.iter().map(|span| span.start_us).min().unwrap_or_default();
    let senders = generation.senders(&spans, unsent.count());
    let reason = reports.into_iter().find_map(|report| report.reason);
    (start_us, SentItems { senders, unsent, reason, generation })
}

#[cfg(test)]
mod tests {
    use protocol::load_generator::Span;

    use super::*;

    #[test]
    fn what_a_dead_function_had_to_send_and_what_the_queue_refused_is_not_sent() {
        let load = SharedItems { run: "r".to_owned(), items: 30, workers: 3, item_seconds: None };
        let report = |worker, unsent, reason: Option<&str>| ItemsReport {
            worker,
            span: Span { start_us: 5_000_000, late_us: 0, end_us: 6_000_000 },
            sent: 10,
            unsent,
            reason: reason.map(str::to_owned),
        };
        let reports =
            vec![report(2, vec![(21, 21), (25, 26)], Some("Broken: not now")), report(0, vec![], None)];
        let generation = Generation { workers: 3, reported: 2, ..Generation::default() };
        let (start_us, sent) = merged(&load, Reports { reports, generation });
        assert_eq!((start_us, sent.senders.lost, sent.senders.unsent), (5_000_000, 1, 13));
        assert_eq!(sent.unsent, Unsent(vec![(10, 19), (21, 21), (25, 26)]));
        let has =
            ["0009", "0010", "0019", "0020", "0021", "0026", "27", "split"].map(|id| sent.unsent.has(id));
        assert_eq!(has, [false, true, true, false, true, true, false, false]);
        assert_eq!(sent.reason.as_deref(), Some("Broken: not now"));
    }
}
