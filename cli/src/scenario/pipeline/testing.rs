//! What the tests of this scenario have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use load::Seconds;
use protocol::pipeline::{Hop, StageTally, Tally};
use results::scenario::pipeline::{Delivery, Workers};
use serde_json::json;

use super::execute::{
    Arrived, DeadLetters, Event, GeneratedLoad, LoadWorkers, Observation, Reconciliation, RequestLog,
    RequestStatus, StageLog, micros,
};
use super::options::{Options, Origin};
use super::report::aggregate;
use super::{Pipeline, Run};
use crate::scenario::Scenario;
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::load_generator::Generation;
use crate::scenario::shared::testing::{self, parsed};

/// When the load started, µs since 1970.
const START_US: u64 = 1_763_719_200_000_000;

/// A run on the local stack `dev`.
pub fn run() -> Run {
    let name = "lambench-dev-pipeline";
    testing::run(
        Pipeline::NAME,
        json!({
            "settings": {
                "memory": 512, "timeoutSeconds": 60, "shards": 1, "batchSize": 100, "apiAuth": "iam",
                "apiRate": 1000, "apiBurst": 500, "driver": "sqlx",
            },
            "settingRanges": { "apiRate": [1, 10_000], "apiBurst": [1, 5000], "shards": [0, 200] },
            "api": { "url": "http://127.0.0.1:1/_aws/execute-api/abc/messages", "auth": "iam" },
            "stream": { "name": name, "arn": format!("arn:aws:kinesis:us-east-1:0:stream/{name}") },
            "table": { "name": name, "arn": "a", "streamArn": "arn:aws:dynamodb:us-east-1:0:table/t/stream/1" },
            "deadLetters": { "midstream": "http://q/midstream-dead", "downstream": "http://q/downstream-dead" },
            "functions": {
                "upstream": format!("{name}-upstream"), "midstream": format!("{name}-midstream"),
                "downstream": format!("{name}-downstream"), "tally": "t", "migrate": "m",
            },
            "load": {
                "stateMachine": "arn:aws:states:us-east-1:0:stateMachine:load", "function": "l", "memory": 1769,
                "groupSize": 40,
            },
            "cluster": {
                "arn": "a", "identifier": name, "writer": "localhost", "reader": "localhost", "port": 5432,
                "database": "pipeline",
            },
        }),
    )
}

/// 200 requests per second for a minute, after a ramp of 10 s.
pub fn options() -> Options {
    parsed("--rate 200 --duration 60s --ramp 10s").unwrap()
}

/// All of its requests but ten are accepted, all messages but four stored.
pub fn observation() -> Observation {
    let mut requests = RequestLog::new(13_000);
    requests.statuses.fill(RequestStatus::Accepted);
    requests.statuses[5000..5010].fill(RequestStatus::Refused);
    requests.refused = BTreeMap::from([("429".to_owned(), 10)]);
    requests.throttled.by_api = 10;
    (0..11_990).for_each(|request| requests.warm.record(Duration::from_micros(4000 + request % 4000)));
    (0..1000).for_each(|_| requests.lateness.record(Duration::from_micros(80)));
    requests.last_answer = Duration::from_millis(70_010);
    requests.seconds = seconds(&requests.statuses);
    let dead_letters: BTreeMap<u64, String> =
        (6000..6004).map(|number| (number, "downstream: 22021: too long".to_owned())).collect();
    let tally = tally();
    let reconciliation = Reconciliation::new(&requests.statuses, 1000, &tally.numbers, &dead_letters);
    let billed = |invocations: u64| Billed {
        invocations,
        ms: 2000.0,
        cold_starts: 2,
        init_ms: 21.0,
        max_init_ms: 12.0,
        max_memory_mb: 24,
    };
    Observation {
        options: options(),
        schedule: options().schedule(),
        load: GeneratedLoad {
            start_us: START_US,
            requests,
            cpu: Duration::from_secs(1),
            late: Duration::ZERO,
        },
        workers: None,
        arrived: Arrived { tally, dead_letters: DeadLetters::default(), reconciliation },
        functions: vec![
            ("upstream", Some(billed(12_990))),
            ("midstream", Some(billed(700))),
            ("downstream", Some(billed(650))),
        ],
        acu_hours: None,
        warnings: Vec::new(),
        missing: Vec::new(),
    }
}

/// Steps of 10 s at 100, 200 and 400 requests/s: the last one's rows take twice as long, and a tenth of its requests is throttled.
pub fn observation_of_steps() -> Observation {
    let options = Options {
        ramp: Duration::ZERO,
        steps: vec![100, 200, 400],
        step_duration: Some(Duration::from_secs(10)),
        ..options()
    };
    observation_of(options, &[(1000, 0), (2000, 0), (3600, 400)], &[10, 10, 20])
}

/// A load whose stages had so many accepted and refused requests, and rows from their start on for so many s. Requests take 5 ms, and
/// messages a hundred times as long.
pub fn observation_of(options: Options, answered: &[(u64, u64)], stored_seconds: &[u64]) -> Observation {
    let schedule = options.schedule();
    let mut requests = RequestLog::new(schedule.total());
    let mut tally = Tally { run: Some(run().name), ..Tally::default() };
    let mut from = schedule.ramp;
    for (index, (stage, numbers)) in schedule.stages.iter().zip(schedule.ranges()).enumerate() {
        let (accepted, refused) = answered[index];
        let [start, middle, end] =
            [numbers.start, numbers.start + accepted, numbers.start + accepted + refused]
                .map(|number| usize::try_from(number).unwrap());
        requests.statuses[start..middle].fill(RequestStatus::Accepted);
        requests.statuses[middle..end].fill(RequestStatus::Refused);
        let mut log =
            StageLog { throttled: refused, last_accepted: from + stage.duration, ..StageLog::default() };
        (0..accepted).for_each(|_| log.warm.record(Duration::from_millis(5)));
        log.lateness.record(Duration::from_micros(80));
        requests.warm.merge(&log.warm);
        let stored_us = |seconds| Some(START_US + micros(from + Duration::from_secs(seconds)));
        let mut stored = StageTally {
            first_stored_us: stored_us(0),
            last_stored_us: stored_us(stored_seconds[index]),
            ..StageTally::default()
        };
        (0..accepted).for_each(|_| stored.end_to_end.record(Duration::from_millis(500)));
        tally.hops.entry(Hop::EndToEnd).or_default().merge(&stored.end_to_end);
        tally.numbers.push((numbers.start, numbers.start + accepted - 1));
        tally.rows += accepted;
        tally.last_stored_us = tally.last_stored_us.max(stored.last_stored_us);
        (requests.throttled.by_api, requests.last_answer) =
            (requests.throttled.by_api + refused, log.last_accepted);
        if refused > 0 {
            *requests.refused.entry("429".to_owned()).or_default() += refused;
        }
        requests.stages.push(log);
        tally.stages.push(stored);
        from += stage.duration;
    }
    tally.deliveries = tally.rows;
    let reconciliation =
        Reconciliation::new(&requests.statuses, schedule.measured_from(), &tally.numbers, &BTreeMap::new());
    Observation {
        options,
        schedule,
        load: GeneratedLoad { requests, ..observation().load },
        arrived: Arrived { tally, dead_letters: DeadLetters::default(), reconciliation },
        ..observation()
    }
}

/// The first one from four functions, of which one has died.
pub fn observation_of_functions() -> Observation {
    let mut observation = observation();
    observation.options.from = Origin::Functions;
    observation.options.workers = Some(4);
    let unreported = 3250;
    observation.load.requests.statuses[9750..].fill(RequestStatus::Unreported);
    observation.load.requests.seconds = seconds(&observation.load.requests.statuses);
    let workers = Workers { count: 4, lost: 1, unreported, late: 0, latest_ms: 0.0 };
    observation.arrived.tally.numbers = vec![(0, 4999), (5010, 5999), (6004, 10_749)];
    observation.arrived.tally.seconds = rows_by_second(&observation.arrived.tally.numbers);
    observation.arrived.tally.rows -= 2250;
    observation.arrived.tally.deliveries -= 2250;
    let dead_letters = (6000..6004).map(|number| (number, "downstream: 22021: too long".to_owned()));
    observation.arrived.reconciliation = Reconciliation::new(
        &observation.load.requests.statuses,
        1000,
        &observation.arrived.tally.numbers,
        &dead_letters.collect(),
    );
    observation.workers = Some(LoadWorkers {
        workers,
        generation: Generation {
            errors: BTreeMap::from([("Runtime.ExitError: signal: killed".to_owned(), 1)]),
            transitions: 30,
            billed: Some(Billed { invocations: 4, ms: 300_000.0, ..Billed::default() }),
            ..Generation::default()
        },
    });
    observation
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
    for (place, hop) in (1..).zip(Hop::ALL) {
        let histogram = tally.hops.entry(hop).or_default();
        (0..11_986).for_each(|row| histogram.record(Duration::from_micros(place * (3000 + row % 3000))));
    }
    tally.seconds = rows_by_second(&tally.numbers);
    tally
}

/// What the sender counts of requests with these statuses, each answered after 5 ms.
fn seconds(statuses: &[RequestStatus]) -> Seconds {
    let plan = options().schedule().plan(0);
    let mut seconds = Seconds::default();
    for (number, status) in (0..).zip(statuses) {
        let due = plan.due(number);
        seconds.count(Event::Due, due);
        let answer = match status {
            RequestStatus::Accepted => Event::Accepted,
            RequestStatus::Refused => Event::Refused,
            _ => continue,
        };
        seconds.count(Event::Sent, due);
        seconds.count(answer, due + Duration::from_millis(5));
    }
    seconds
}

/// Rows of these numbers by the second in which they were confirmed, each 410 ms after its request was due.
fn rows_by_second(numbers: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let plan = options().schedule().plan(0);
    let mut seconds = BTreeMap::new();
    for number in numbers.iter().flat_map(|(first, last)| *first..=*last) {
        let stored = plan.due(number) + Duration::from_millis(410);
        *seconds.entry(stored.as_secs()).or_default() += 1;
    }
    seconds.into_iter().collect()
}

/// Its figures.
pub fn delivery() -> Delivery {
    aggregate::delivery(&run(), &observation())
}
