//! What the tests of this scenario have in common.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use protocol::pipeline::{Hop, Tally};
use results::scenario::pipeline::Delivery;
use serde_json::json;

use super::account::Account;
use super::dead::DeadLetters;
use super::find::Findings;
use super::load::Sent;
use super::load::record::{Fate, Record};
use super::options::Plan;
use super::schedule::Schedule;
use super::wait::Arrived;
use super::{Test, outcome};
use crate::progress::Mode;
use crate::scenario::shared::billing_log::Billed;

/// Where nothing answers.
const NOWHERE: &str = "http://127.0.0.1:1";
/// When the load began, µs since 1970.
const START_US: u64 = 1_763_719_200_000_000;

/// A load of 200 requests a second on the local stack `dev`.
pub fn test() -> Test {
    let schedule = Schedule { rate: 200, ramp: Duration::from_secs(10), duration: Duration::from_mins(1) };
    let credentials = Credentials::new("id", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(NOWHERE)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    Test {
        pipeline: serde_json::from_value(environment()).unwrap(),
        config,
        plan: Plan { schedule, connections: 50, size: 100 },
        progress: Mode::None,
        name: "lambench-20261121T100000000Z".to_owned(),
        started_at: "2026-11-21T10:00:00Z".parse().unwrap(),
        arrived: Cell::new(0),
    }
}

fn environment() -> serde_json::Value {
    let name = "lambench-dev-pipeline";
    json!({
        "stack": "dev", "region": "us-east-1", "endpoint": NOWHERE, "architecture": "arm64",
        "settingRanges": { "memory": [128, 10240], "timeoutSeconds": [3, 900] }, "memoryPerVcpu": 1769,
        "settings": {
            "memory": 512, "timeoutSeconds": 60, "shards": 1, "batchSize": 100, "apiAuth": "iam",
            "apiRate": 1000, "apiBurst": 500, "driver": "sqlx",
        },
        "api": { "url": format!("{NOWHERE}/_aws/execute-api/abc/messages"), "auth": "iam" },
        "stream": { "name": name, "arn": format!("arn:aws:kinesis:us-east-1:0:stream/{name}") },
        "table": { "name": name, "arn": "a", "streamArn": "arn:aws:dynamodb:us-east-1:0:table/t/stream/1" },
        "deadLetters": { "midstream": "http://q/midstream-dead", "downstream": "http://q/downstream-dead" },
        "functions": {
            "upstream": format!("{name}-upstream"), "midstream": format!("{name}-midstream"),
            "downstream": format!("{name}-downstream"), "tally": "t", "migrate": "m",
        },
        "cluster": {
            "arn": "a", "identifier": name, "writer": "localhost", "reader": "localhost", "port": 5432,
            "database": "pipeline",
        },
    })
}

/// All of its requests but ten are accepted, all messages but four stored.
pub fn findings() -> Findings {
    let mut record = Record::new(13_000);
    record.fates.fill(Fate::Accepted);
    record.fates[5000..5010].fill(Fate::Refused);
    record.refused = BTreeMap::from([("429".to_owned(), 10)]);
    record.throttled.by_api = 10;
    (0..11_990).for_each(|request| record.warm.record(Duration::from_micros(4000 + request % 4000)));
    (0..1000).for_each(|_| record.late.record(Duration::from_micros(80)));
    record.last_answer = Duration::from_millis(70_010);
    let dead: BTreeMap<u64, String> =
        (6000..6004).map(|number| (number, "downstream: 22021: too long".to_owned())).collect();
    let tally = tally();
    let account = Account::of(&record.fates, 1000, &tally.numbers, &dead);
    let billed = |invocations: u64| Billed {
        invocations,
        ms: 2000.0,
        cold_starts: 2,
        init_ms: 21.0,
        max_init_ms: 12.0,
        max_memory_mb: 24,
    };
    Findings {
        sent: Sent { start_us: START_US, record, cpu: Duration::from_secs(1) },
        arrived: Arrived { tally, dead: DeadLetters::default(), account },
        functions: vec![
            ("upstream", Some(billed(12_990))),
            ("midstream", Some(billed(700))),
            ("downstream", Some(billed(650))),
        ],
        acu_hours: None,
        warnings: Vec::new(),
    }
}

/// What the table says of it.
pub fn tally() -> Tally {
    let mut tally = Tally {
        run: Some("lambench-20261121T100000000Z".to_owned()),
        rows: 12_986,
        deliveries: 12_989,
        numbers: vec![(0, 4999), (5010, 5999), (6004, 12_999)],
        first_arrived_us: Some(START_US + 3000),
        last_stored_us: Some(START_US + 70_410_000),
        ..Tally::default()
    };
    for (deployment, hop) in (1..).zip(Hop::ALL) {
        let histogram = tally.hops.entry(hop).or_default();
        (0..11_986).for_each(|row| histogram.record(Duration::from_micros(deployment * (3000 + row % 3000))));
    }
    tally
}

/// Its figures.
pub fn delivery() -> Delivery {
    let (test, findings) = (test(), findings());
    outcome::delivery(&test, &findings, &outcome::usage(&test, &findings))
}
