//! What the tests of this scenario have in common.

use aws_config::SdkConfig;
use results::scenario::s3_read::{Asked, Listing, Reading, Variant};
use serde_json::json;

use super::dead::DeadLetters;
use super::figures::Figures;
use super::find::Found;
use super::items::Item;
use super::options::Plan;
use super::price::Usage;
use super::wait::Handled;
use super::{Test, outcome};
use crate::progress::Mode;
use crate::scenario::shared::billing_log::Billed;

/// Where nothing answers.
const NOWHERE: &str = "http://127.0.0.1:1";
/// When the first object was begun, µs since 1970.
const START_US: u64 = 1_795_255_200_000_000;

/// Both variants, on the local stack `dev`.
pub fn test() -> Test {
    Test {
        s3_read: serde_json::from_value(environment()).unwrap(),
        config: SdkConfig::builder().build(),
        plan: Plan {
            variants: Variant::ALL.to_vec(),
            memories: Vec::new(),
            prefix: String::new(),
            modified_within_hours: 0.0,
            max_objects: None,
        },
        progress: Mode::None,
        name: "lambench-20261121T100000000Z".to_owned(),
    }
}

fn environment() -> serde_json::Value {
    let name = "lambench-dev-s3-read";
    let road = |variant: &str| {
        json!({
            "generator": format!("{name}-generator-{variant}"),
            "reader": format!("{name}-reader-{variant}"),
            "queue": {
                "url": format!("http://q/{variant}"), "arn": "a", "deadLetterUrl": format!("http://q/{variant}-dead"),
            },
        })
    };
    json!({
        "stack": "dev", "region": "us-east-1", "endpoint": NOWHERE, "architecture": "arm64",
        "settingRanges": { "memory": [128, 10240], "timeoutSeconds": [3, 900] }, "memoryPerVcpu": 1769,
        "settings": { "memory": 512, "batchSize": 10, "objectCount": 1000, "hash": "md5", "bucket": "" },
        "bucket": name,
        "table": { "name": name },
        "variants": { "signed": road("signed"), "sdk": road("sdk") },
    })
}

/// Objects of 1 MB that took 20 ms, each begun 10 ms after the one before, by two environments in turns; the first is a
/// cold start, and the second took two requests.
pub fn items(count: u64) -> Vec<Item> {
    let item = |number: u64| Item {
        object: format!("files/{number:04}"),
        bytes: 1_000_000,
        hash: format!("{number:032x}"),
        first_byte_ms: 4.0,
        total_ms: 20.0,
        started_us: START_US + 10_000 * number,
        ended_us: START_US + 10_000 * number + 20_000,
        tries: 1 + u64::from(number == 1),
        cold: number == 0,
        memory_mb: 512,
        worker: format!("worker-{}", number % 2),
        stored_bytes: 300,
    };
    (0..count).map(item).collect()
}

/// These objects, all missing.
pub fn dead(objects: &[&str]) -> DeadLetters {
    let mut dead = DeadLetters::default();
    for object in objects {
        dead.note((*object).to_owned(), Some("missing: S3 answered 404"));
    }
    dead
}

/// What 2,000 objects of 1 MB used.
pub fn usage() -> Usage {
    let billed =
        |invocations: u64, ms: f64| Some(Billed { invocations, ms, max_memory_mb: 30, ..Billed::default() });
    Usage {
        read: 2000,
        bytes: 2_000_000_000,
        architecture: "arm64".to_owned(),
        memory_mb: 512,
        reader: billed(200, 100_000.0),
        generator: billed(1, 4000.0),
        listed: 2000,
        sent: 2000,
        dead_lettered: 0,
        gets: 2100,
        write_units: 2000,
    }
}

/// Four objects, all read.
pub fn found(variant: Variant, memory_mb: u64) -> Found {
    let mut items = items(4);
    for item in &mut items {
        item.memory_mb = memory_mb;
    }
    let handled = Handled { items, dead: DeadLetters::default() };
    let figures = Figures::of(&handled.items);
    let listing =
        Listing { calls: 1, listed: 5, skipped: 1, sent: 4, bytes: 4_000_000, ..Listing::default() };
    let objects = outcome::objects(&listing, &handled, &figures);
    let usage = Usage { memory_mb, ..usage() };
    Found {
        run: outcome::read_run("run-1", variant, memory_mb, listing, objects, &figures, &usage),
        figures,
        items: handled.items,
        examples: Vec::new(),
        usage,
        warnings: Vec::new(),
    }
}

/// Runs like these.
pub fn reading(asked: Asked, runs: &[(Variant, u64)]) -> Reading {
    let runs = runs.iter().map(|(variant, memory_mb)| found(*variant, *memory_mb).run).collect();
    Reading { asked, runs }
}
