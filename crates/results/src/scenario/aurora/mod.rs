//! The Aurora load test's own part of a result file.

pub mod knee;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::knee::Knee;
use super::keeps_up;
use protocol::aurora::{Action, Driver, Endpoint, Outcome, Tally};
use protocol::histogram::Latency;
use protocol::stats::real;

/// The item of what a million completions of a run cost; its name stands before it.
pub const COST: &str = "a million completions, without Aurora's capacity";
/// The same with what Aurora is charged for.
pub const COST_WITH_AURORA: &str = "a million completions, with Aurora's capacity";

/// What a load test did to the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Load {
    /// How the load came about, and what came out.
    #[serde(flatten)]
    pub runs: Runs,
}

/// The runs of a load test, by how the load came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mode", content = "runs", rename_all = "lowercase")]
pub enum Runs {
    /// Stages of more and more workers: a run for each driver and action.
    Ramp(Vec<RampRun>),
    /// Messages in a queue, the actions mixed: a run for each driver.
    Queue(Vec<QueueRun>),
}

/// One action by one driver, in stages of more and more workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RampRun {
    /// Unique: the name of the execution.
    pub run: String,
    /// How workers reached the database.
    pub driver: Driver,
    /// What each unit executed.
    pub action: Action,
    /// Where it was sent.
    pub host: Endpoint,
    /// Rows in one INSERT statement.
    pub batch: u64,
    /// How long each stage was to last.
    pub seconds: u64,
    /// In the order in which they ran.
    pub stages: Vec<Stage>,
    /// Where more load stops paying; none if it paid to the end.
    pub knee: Option<Knee>,
    /// What the database's own ledger says of the run; none if it couldn't be read.
    pub ledger: Option<Ledger>,
}

/// A number of workers at once, each with a connection of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// The workers.
    pub clients: u64,
    /// Units per second that were due, whatever the database took; none in a closed loop, where each worker starts the
    /// next unit when the last one has ended.
    pub offered_tps: Option<f64>,
    /// What the database's capacity was meanwhile; none locally, and where CloudWatch does not tell.
    pub acus: Option<CapacityRange>,
    /// What they did.
    #[serde(flatten)]
    pub aggregate: Aggregate,
}

/// The least and the greatest capacity of a cluster's instances in the minutes in which a load ran: CloudWatch has no finer ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapacityRange {
    /// ACUs.
    pub min: f64,
    /// ACUs.
    pub max: f64,
}

impl CapacityRange {
    /// The range that has both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

impl Stage {
    /// Whether what was offered was completed, but for a few per cent; a closed loop offers no more than it completes.
    #[must_use]
    pub fn keeps_up(&self) -> bool {
        self.offered_tps.is_none_or(|offered| keeps_up(offered, self.aggregate.tps))
    }
}

/// The messages of one driver's queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueRun {
    /// Unique: the messages' attribute `RUN`.
    pub run: String,
    /// How workers reached the database.
    pub driver: Driver,
    /// Units in each message.
    pub statements: u64,
    /// Rows in one INSERT statement.
    pub batch: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages whose every unit is done.
    pub done: u64,
    /// Messages in the dead-letter queue that are not done, each counted once.
    pub dead_lettered: u64,
    /// Messages in the dead-letter queue that are done: their workers ended before they could say so.
    pub dead_lettered_done: u64,
    /// Why those that are not done are there.
    pub reasons: BTreeMap<String, u64>,
    /// What the database's capacity was meanwhile; none locally, and where CloudWatch does not tell.
    pub acus: Option<CapacityRange>,
    /// By action.
    pub actions: Vec<QueueAction>,
    /// What the database's own ledger says of the run.
    pub ledger: Ledger,
}

/// One action's part of the messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueAction {
    /// What each unit executed.
    pub action: Action,
    /// Where it was sent.
    pub host: Endpoint,
    /// What became of it.
    #[serde(flatten)]
    pub aggregate: Aggregate,
}

/// What workers did in a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Aggregate {
    /// Workers (ramp) or attempts at messages (queue).
    pub workers: u64,
    /// Workers that ended without telling what they had done.
    pub lost: u64,
    /// Workers that started after their stage did.
    pub late: u64,
    /// Workers in a freshly initialized environment.
    pub cold_starts: u64,
    /// Units that the database confirmed.
    pub completions: u64,
    /// Units that an earlier attempt at the same message had done: no completions.
    pub repeats: u64,
    /// Failed statements by SQLSTATE, or `connection`, `timeout`, `credentials`, `throttled`.
    pub errors: BTreeMap<String, u64>,
    /// Completions per second.
    pub tps: f64,
    /// From the intended start of a unit to its end; none if none completed. `samples` has the whole distribution.
    pub latency_ms: Option<Latency>,
    /// Most connections that the database had at once; none if no worker has looked.
    pub connections: Option<u64>,
    /// Connections that the workers opened; 0 for the Data API, which pools its own.
    pub connections_opened: u64,
    /// CPU time of the workers' processes, ms.
    pub cpu_ms: f64,
    /// The time that `tps` is over, s.
    pub elapsed_seconds: f64,
}

impl Aggregate {
    /// The figures of an outcome, whose load was to last for a time; it may have lasted longer.
    #[must_use]
    pub fn of(outcome: &Outcome, intended_seconds: f64) -> Self {
        let elapsed_seconds = outcome.elapsed_seconds(intended_seconds);
        let completed = real(outcome.completions);
        Self {
            workers: outcome.workers,
            lost: outcome.lost,
            late: outcome.late,
            cold_starts: outcome.cold_starts,
            completions: outcome.completions,
            repeats: outcome.repeats,
            errors: outcome.errors.clone(),
            tps: if elapsed_seconds > 0.0 { completed / elapsed_seconds } else { 0.0 },
            latency_ms: outcome.latency.latency(),
            connections: outcome.server_connections,
            connections_opened: outcome.connections_opened,
            cpu_ms: outcome.cpu_ms,
            elapsed_seconds,
        }
    }
}

/// What the ledger in the database says of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    /// Messages (queue) or workers (ramp) that are done.
    pub done: u64,
    /// Those that started and never ended.
    pub unfinished: u64,
    /// Units that the database confirmed, those of killed workers included.
    pub completions: u64,
    /// Rows that the run left in the tables; none if it only read.
    pub rows: Option<u64>,
}

impl Ledger {
    /// The sums of a tally.
    #[must_use]
    pub fn of(tally: &Tally) -> Self {
        Self {
            done: tally.done,
            unfinished: tally.unfinished,
            completions: tally.actions.iter().map(|one| one.outcome.completions).sum(),
            rows: tally.actions.iter().filter_map(|one| one.rows).reduce(|a, b| a + b),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use protocol::aurora::ActionTally;

    fn outcome(completions: u64, started_at_ms: u64, ended_at_ms: u64) -> Outcome {
        let mut outcome = Outcome { completions, started_at_ms, ended_at_ms, ..Outcome::default() };
        (0..completions).for_each(|_| outcome.latency.record(Duration::from_millis(5)));
        outcome
    }

    #[test]
    fn a_stage_that_had_few_units_is_not_made_fast_by_their_short_time() {
        let aggregate = Aggregate::of(&outcome(10, 1_000, 1_100), 10.0);
        assert!((aggregate.tps - 1.0).abs() < 1e-9, "{aggregate:?}");
    }

    #[test]
    fn a_stage_that_overran_is_measured_over_all_its_time() {
        let aggregate = Aggregate::of(&outcome(100, 1_000, 21_000), 10.0);
        assert!((aggregate.tps - 5.0).abs() < 1e-9, "{aggregate:?}");
        assert!((aggregate.latency_ms.unwrap().p99 - 5.0).abs() < 0.01);
    }

    #[test]
    fn nothing_completed_has_no_percentiles_and_no_rate() {
        let aggregate = Aggregate::of(&Outcome::default(), 0.0);
        assert_eq!((aggregate.tps, aggregate.latency_ms), (0.0, None));
    }

    #[test]
    fn rows_are_unknown_only_where_nothing_was_written() {
        let tally = |rows: &[Option<u64>]| Tally {
            actions: rows
                .iter()
                .map(|rows| ActionTally {
                    action: Action::Select,
                    driver: Driver::Sqlx,
                    outcome: outcome(1, 1, 2),
                    rows: *rows,
                })
                .collect(),
            ..Tally::default()
        };
        assert_eq!(Ledger::of(&tally(&[None, None])).rows, None);
        assert_eq!(Ledger::of(&tally(&[None, Some(3), Some(4)])).rows, Some(7));
        assert_eq!(Ledger::of(&tally(&[None, Some(3)])).completions, 2);
    }
}
