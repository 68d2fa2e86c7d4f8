//! What the tests of this scenario have in common.

use protocol::s3_read::{FailureKind, Variant, reason};
use results::scenario::Senders;
use results::scenario::s3_read::{Division, Listing, Request};
use serde_json::json;

use super::Run;
use super::execute::items::Item;
use super::execute::{Handled, Observation};
use super::options::Options;
use super::report::Aggregate;
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::dead_letters::DeadLetters;
use crate::scenario::shared::load_generator::Generation;
use crate::scenario::shared::testing;

/// When the first object was requested, µs since 1970.
const START_US: u64 = 1_795_255_200_000_000;

/// On the local stack `dev`.
pub fn run() -> Run {
    let name = "lambench-dev-s3-read";
    let functions = |variant: &str| {
        json!({
            "generator": format!("{name}-generator-{variant}"),
            "reader": format!("{name}-reader-{variant}"),
            "queue": {
                "url": format!("http://q/{variant}"), "arn": "a", "deadLetterUrl": format!("http://q/{variant}-dead"),
            },
            "load": {
                "stateMachine": format!("arn:aws:states:us-east-1:0:stateMachine:{name}-{variant}"),
                "function": format!("{name}-generator-{variant}"), "memory": 1769, "groupSize": 40,
            },
        })
    };
    let environment = json!({
        "settings": { "memory": 512, "batchSize": 10, "objectCount": 1000, "hash": "md5", "bucket": "" },
        "bucket": name,
        "table": { "name": name },
        "generatorMemory": 1769,
        "variants": { "signed": functions("signed"), "sdk": functions("sdk") },
    });
    testing::run("s3-read", environment)
}

/// All objects.
pub fn request() -> Request {
    testing::parsed::<Options>("").expect("all have defaults").request(&run().deployed)
}

/// Objects of 1 MB that took 20 ms, each requested 10 ms after the one before, by two environments in turns; the first is a
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
        attempts: 1 + u64::from(number == 1),
        cold: number == 0,
        memory_mb: 512,
        worker: format!("worker-{}", number % 2),
        request_id: format!("request-{number}"),
        stored_bytes: 300,
    };
    (0..count).map(item).collect()
}

/// These objects, all missing.
pub fn dead_letters(objects: &[&str]) -> DeadLetters {
    let mut dead_letters = Handled::default().dead_letters;
    for object in objects {
        dead_letters.add(*object, Some(&reason(FailureKind::Missing, "S3 answered 404")));
    }
    dead_letters
}

/// Invocations that took so long together.
pub fn billed(invocations: u64, ms: f64) -> Billed {
    Billed { invocations, ms, max_memory_mb: 30, ..Billed::default() }
}

/// Four objects, all read.
pub fn observation(variant: Variant, memory_mb: u64) -> Observation {
    let items = items(4).into_iter().map(|item| Item { memory_mb, ..item }).collect();
    Observation {
        run: "run-1".to_owned(),
        variant,
        memory_mb,
        listing: Listing { calls: 1, listed: 5, skipped: 1, sent: 4, bytes: 4_000_000, ..Listing::default() },
        is_partial: false,
        handled: Handled { items, ..Handled::default() },
        generator: Some(billed(1, 8.0)),
        generation: None,
        reader: Some(billed(1, 100.0)),
        warnings: Vec::new(),
    }
}

/// The same, sent by two functions.
pub fn observation_of_functions(variant: Variant) -> Observation {
    let mut observation = observation(variant, 512);
    let senders = Senders { count: 2, seconds: 0.5, ..Senders::default() };
    observation.listing.calls = 3;
    observation.listing.lists = Some(6);
    observation.listing.division = Some(Division { parts: 4, seconds: 0.25, senders });
    observation.generator = Some(billed(3, 12_000.0));
    observation.generation =
        Some(Generation { workers: 2, reported: 2, transitions: 8, ..Generation::default() });
    observation
}

/// What these say.
pub fn aggregate(variant: Variant, memory_mb: u64) -> Aggregate {
    Aggregate::of(observation(variant, memory_mb))
}
