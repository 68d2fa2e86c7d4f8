//! What the tests of this scenario have in common.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::splitter::item_id;
use results::scenario::Senders;
use results::scenario::splitter::Trigger;
use serde_json::json;

use super::Run;
use super::execute::run_log::Entry;
use super::execute::{Event, Handled, Observation, RunLog, SentItems, SplitObservation, Unsent};
use super::options::{Options, Origin};
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::load_generator::Generation;
use crate::scenario::shared::testing;

/// Events as the function gets them.
pub const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/splitter/fixtures");
/// When the event was sent, µs since 1970.
pub const SENT_US: u64 = 1_763_719_200_000_000;

/// A run on the local stack `dev`.
pub fn run() -> Run {
    let name = "lambench-dev-splitter";
    let environment = json!({
        "settings": {
            "memory": 128, "timeoutSeconds": 30, "itemSeconds": 0.2, "concurrency": 10, "batchSize": 1,
        },
        "queue": {
            "url": "http://q/splitter",
            "arn": format!("arn:aws:sqs:us-east-1:0:{name}"),
            "deadLetterUrl": "http://q/splitter-dead",
        },
        "runLog": { "table": format!("{name}-runs") },
        "eventBus": "default", "source": "lambench.splitter", "functions": { "worker": format!("{name}-worker") },
        "functionArn": format!("arn:aws:lambda:us-east-1:0:function:{name}-worker"),
        "itemReserveSeconds": 0.25, "eventRetries": 2,
        "load": {
            "stateMachine": format!("arn:aws:states:us-east-1:0:stateMachine:{name}"),
            "function": format!("{name}-load"), "memory": 1769, "groupSize": 40,
        },
    });
    testing::run("splitter", environment)
}

/// Those of 20 items, at the concurrencies 1 and 5.
pub fn options() -> Options {
    Options {
        items: 20,
        item_seconds: None,
        concurrency: vec![1, 5],
        event: None,
        from: Origin::Event,
        workers: None,
    }
}

/// Those of so many items, which two functions send.
pub fn options_of_functions(items: u64) -> Options {
    let (from, workers) = (Origin::Functions, Some(2));
    Options { items, concurrency: vec![5], from, workers, ..options() }
}

/// 20 items of 0.2 s.
pub fn event() -> Event {
    generated(20)
}

/// Some items of 0.2 s.
pub fn generated(items: u64) -> Event {
    Event::new(&Options { items, ..options() }, &run()).unwrap()
}

/// The event of a file.
pub fn fixture(name: &str, item_seconds: Option<f64>) -> Event {
    let event = Some(Path::new(FIXTURES).join(name));
    Event::new(&Options { item_seconds, event, ..options() }, &run()).unwrap()
}

/// What was observed of 20 items at some concurrencies.
pub fn observed(splits: Vec<SplitObservation>) -> Observation {
    Observation { event: event(), splits, warnings: Vec::new(), missing: Vec::new() }
}

/// The same at a concurrency of 5, where two functions have sent the items.
pub fn split_of_functions() -> SplitObservation {
    let mut split = split_at(5);
    split.trigger = Trigger::Functions;
    split.handled.log.split = None;
    split.sent = Some(SentItems {
        senders: Senders { count: 2, seconds: 0.04, ..Senders::default() },
        unsent: Unsent::default(),
        reason: None,
        generation: Generation {
            workers: 2,
            reported: 2,
            transitions: 8,
            billed: Some(Billed { invocations: 2, ms: 10_200.0, ..Billed::default() }),
            ..Generation::default()
        },
    });
    split.billed = split.billed.map(|billed| Billed { invocations: 20, ..billed });
    split
}

/// Such a split without any trouble: each item takes 210 ms, queued 30 ms after the event was sent.
pub fn split_at(concurrency: u64) -> SplitObservation {
    let is_split = concurrency > 1;
    let entry = |index: u64| {
        let started_us = SENT_US + 50_000 + index / concurrency * 210_000 + index % concurrency * 100;
        let entry = Entry {
            queued_us: is_split.then_some(SENT_US + 30_000),
            started_us: Some(started_us),
            ended_us: Some(started_us + 205_000),
            attempts: 1,
            environment: Some(format!("environment {}", index % concurrency)),
            is_cold: index < concurrency,
            count: None,
        };
        (item_id(usize::try_from(index).unwrap()), entry)
    };
    let split = Entry {
        started_us: Some(SENT_US + 20_000),
        ended_us: Some(SENT_US + 45_000),
        attempts: 1,
        count: Some(20),
        ..Entry::default()
    };
    let items: BTreeMap<_, _> = (0..20).map(entry).collect();
    SplitObservation {
        run: format!("lambench-20261121T100000000Z-1-{concurrency}"),
        concurrency,
        trigger: if is_split { Trigger::EventBus } else { Trigger::Sequential },
        reply: None,
        sent: None,
        items: 20,
        sent_us: SENT_US,
        seen_us: SENT_US + 10_000_000,
        handled: Handled {
            log: RunLog { split: is_split.then_some(split), items, ..RunLog::default() },
            ..Handled::default()
        },
        billed: Some(Billed {
            invocations: 20 + u64::from(is_split),
            ms: 4300.0,
            cold_starts: 5,
            init_ms: 60.0,
            max_init_ms: 15.0,
            max_memory_mb: 18,
        }),
    }
}
