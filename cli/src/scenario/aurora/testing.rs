//! What the tests of this scenario have in common.

use std::time::Duration;

use protocol::aurora::{Action, ActionTally, Driver, Endpoint, Outcome, RampOutput, StageOutput, Tally};
use results::scenario::aurora::knee::Knee;
use results::scenario::aurora::{Aggregate, Ledger, QueueAction, QueueRun, RampRun, Stage};
use serde_json::json;

use super::Run;
use super::execute::Charges;
use super::execute::ramp::Execution;
use crate::scenario::shared::aurora_capacity::Capacities;
use crate::scenario::shared::testing;

/// A run on the local stack `dev`.
pub fn run() -> Run {
    testing::run(
        "aurora",
        json!({
            "settings": { "memory": 512, "timeoutSeconds": 60, "batchSize": 10, "readers": 0, "minCapacity": 0.5,
                "maxCapacity": 16 },
            "cluster": {
                "arn": "arn:aws:rds:us-east-1:0:cluster:lambench-dev-aurora", "identifier": "lambench-dev-aurora",
                "writer": "localhost", "reader": "127.0.0.1", "port": 5432, "database": "aurora",
            },
            "queues": {
                "sqlx": { "url": "http://q/sqlx", "arn": "a", "deadLetterUrl": "http://q/sqlx-dead" },
                "data-api": { "url": "http://q/data-api", "arn": "a", "deadLetterUrl": "http://q/data-api-dead" },
            },
            "workers": {
                "sqlx": { "queue": "worker-queue-sqlx", "ramp": "worker-ramp-sqlx" },
                "data-api": { "queue": "worker-queue-data-api", "ramp": "worker-ramp-data-api" },
            },
            "stateMachine": "arn:aws:states:us-east-1:0:stateMachine:lambench-dev-aurora",
            "groupSize": 20,
            "functions": { "tally": "t", "merge": "m", "migrate": "g" },
        }),
    )
}

/// What workers did in ten seconds, one connection each, all at once.
pub fn outcome(workers: u64, completions: u64) -> Outcome {
    let mut outcome = Outcome {
        workers,
        completions,
        connections_opened: workers,
        server_connections: Some(workers + 1),
        cpu_ms: 100.0,
        started_at_ms: 1_000_000,
        ended_at_ms: 1_010_000,
        ..Outcome::default()
    };
    (0..completions).for_each(|unit| outcome.latency.record(Duration::from_micros(1000 + unit % 1000)));
    outcome
}

/// A run by sqlx with stages of so many clients and completions.
pub fn ramp_run(action: Action, stages: &[(u64, u64)]) -> RampRun {
    let stages: Vec<Stage> = stages
        .iter()
        .map(|&(clients, completions)| Stage {
            clients,
            offered_tps: None,
            acus: None,
            aggregate: Aggregate::of(&outcome(clients, completions), 10.0),
        })
        .collect();
    let completions = stages.iter().map(|stage| stage.aggregate.completions).sum();
    RampRun {
        run: "lambench-1-sqlx".to_owned(),
        driver: Driver::Sqlx,
        action,
        host: Endpoint::Writer,
        batch: 1,
        seconds: 10,
        knee: Knee::of(&stages),
        stages,
        ledger: Some(Ledger {
            done: 2,
            unfinished: 0,
            completions,
            rows: (!action.reads()).then_some(completions),
        }),
    }
}

/// A run of messages by sqlx, SELECT and INSERT.
pub fn queue_run(sent: u64, done: u64, dead_lettered: u64) -> QueueRun {
    let action = |action| QueueAction {
        action,
        host: Endpoint::Writer,
        aggregate: Aggregate::of(&outcome(50, 5000), 0.0),
    };
    QueueRun {
        run: "lambench-1-sqlx".to_owned(),
        driver: Driver::Sqlx,
        statements: 100,
        batch: 1,
        sent,
        done,
        dead_lettered,
        dead_lettered_done: 0,
        reasons: [("DMLS is 0".to_owned(), dead_lettered)].into_iter().filter(|(_, n)| *n > 0).collect(),
        acus: None,
        actions: vec![action(Action::Select), action(Action::Insert)],
        ledger: Ledger { done, unfinished: 0, completions: 10_000, rows: Some(5000) },
    }
}

/// A tally of one action by sqlx.
pub fn tally(action: Action, completions: u64, rows: Option<u64>) -> Tally {
    let outcome = Outcome { completions, ..Outcome::default() };
    let actions = vec![ActionTally { action, driver: Driver::Sqlx, outcome, rows }];
    Tally { run: "lambench-1-sqlx".to_owned(), done: 2, actions, ..Tally::default() }
}

/// An execution by sqlx with stages of so many clients and completions in ten seconds.
pub fn execution(action: Action, stages: &[(u64, u64)]) -> Execution {
    let stage = |&(clients, completions)| StageOutput { clients, outcome: outcome(clients, completions) };
    let completions = stages.iter().map(|(_, completions)| completions).sum();
    let output = RampOutput {
        stages: stages.iter().map(stage).collect(),
        tally: Some(tally(action, completions, (!action.reads()).then_some(completions))),
        tally_error: None,
    };
    Execution {
        name: "lambench-1-sqlx".to_owned(),
        driver: Driver::Sqlx,
        action,
        is_stopped: false,
        output,
        span_ms: (1_000_000, 1_010_000),
        transitions: 100,
        charges: Charges::default(),
        capacities: Capacities::default(),
    }
}
