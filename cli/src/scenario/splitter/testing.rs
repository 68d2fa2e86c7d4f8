//! What the tests of this scenario have in common.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, SdkConfig};
use results::scenario::splitter::Road;
use serde_json::json;

use super::event::Event;
use super::find::Found;
use super::log::{Entry, RunLog, item_id};
use super::options::{Plan, Source};
use super::wait::Handled;
use super::{Deployed, Test};
use crate::progress::Mode;
use crate::scenario::shared::billing_log::Billed;

/// When the event was sent, µs since 1970.
pub const SENT_US: u64 = 1_763_719_200_000_000;

/// The local stack `dev`.
pub fn splitter() -> Deployed {
    let name = "lambench-dev-splitter";
    serde_json::from_value(json!({
        "stack": "dev", "region": "us-east-1", "endpoint": "http://127.0.0.1:1", "architecture": "arm64",
        "settingRanges": { "memory": [128, 10240], "timeoutSeconds": [3, 900] }, "memoryPerVcpu": 1769,
        "settings": {
            "memory": 128, "timeoutSeconds": 30, "itemSeconds": 0.2, "concurrency": 10, "batchSize": 1,
        },
        "queue": {
            "url": "http://q/splitter",
            "arn": format!("arn:aws:sqs:us-east-1:0:{name}"),
            "deadLetterUrl": "http://q/splitter-dead",
        },
        "runLog": { "table": format!("{name}-runs") },
        "eventBus": "default", "source": "lambench.splitter", "function": format!("{name}-worker"),
        "functionArn": format!("arn:aws:lambda:us-east-1:0:function:{name}-worker"),
    }))
    .unwrap()
}

/// 20 items of 0.2 s in one event, at the concurrencies 1 and 5.
pub fn test() -> Test {
    let splitter = splitter();
    let plan = Plan { source: Source::Made(20), item_seconds: None, concurrencies: vec![1, 5] };
    Test {
        event: Event::of(&plan, &splitter).unwrap(),
        splitter,
        config: SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build(),
        concurrencies: plan.concurrencies,
        progress: Mode::None,
        name: "lambench-20261121T100000000Z".to_owned(),
    }
}

/// What such a run finds, without any trouble: each item takes 210 ms, queued 30 ms after the event was sent.
pub fn found(concurrency: u64) -> Found {
    let is_split = concurrency > 1;
    let entry = |index: u64| {
        let started_us = SENT_US + 50_000 + index / concurrency * 210_000 + index % concurrency * 100;
        let entry = Entry {
            queued_us: is_split.then_some(SENT_US + 30_000),
            started_us: Some(started_us),
            ended_us: Some(started_us + 205_000),
            attempts: 1,
            count: None,
        };
        (item_id(usize::try_from(index).unwrap()), entry)
    };
    let split = Entry {
        started_us: Some(SENT_US + 20_000),
        ended_us: Some(SENT_US + 45_000),
        attempts: 1,
        count: Some(20),
        queued_us: None,
    };
    let items: BTreeMap<_, _> = (0..20).map(entry).collect();
    Found {
        run: format!("lambench-20261121T100000000Z-1-{concurrency}"),
        concurrency,
        road: if is_split { Road::EventBus } else { Road::OneByOne },
        reply: None,
        items: 20,
        sent_us: SENT_US,
        seen_us: SENT_US + 10_000_000,
        handled: Handled { log: RunLog { split: is_split.then_some(split), items }, ..Handled::default() },
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
