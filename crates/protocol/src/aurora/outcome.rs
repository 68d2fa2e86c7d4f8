//! What workers did, as they say and as the ledger in the database does.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Driver};
use crate::histogram::Histogram;
use crate::stats::real;

/// What a worker did, or what several did, merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)] // the state machine says of a lost worker no more than that it is lost
pub struct Outcome {
    /// Workers (ramp) or attempts at messages (queue) that this is made of.
    pub workers: u64,
    /// Workers that ended without an outcome: killed, timed out, crashed. Their work is in no other figure here.
    pub lost: u64,
    /// Workers that started after the stage did.
    pub late: u64,
    /// Units that the database confirmed.
    pub completions: u64,
    /// INSERTs whose row was already there from an earlier attempt at the same message: no completions.
    pub repeats: u64,
    /// Failed statements by SQLSTATE; `connection`, `timeout`, `credentials` or `throttled` where the database had no say.
    pub errors: BTreeMap<String, u64>,
    /// Time from the intended start of a unit to its end, of those that completed.
    pub latency: Histogram,
    /// Workers in a freshly initialized environment.
    pub cold_starts: u64,
    /// Connections opened; 0 for the Data API, which pools its own.
    pub connections_opened: u64,
    /// Most connections to the database that a worker has seen at once, its own included; none if none has looked.
    pub server_connections: Option<u64>,
    /// CPU time of the worker's process during the load, ms.
    pub cpu_ms: f64,
    /// First unit's start, ms since 1970; 0 for none.
    pub started_at_ms: u64,
    /// Last unit's end, ms since 1970; 0 for none.
    pub ended_at_ms: u64,
}

impl Outcome {
    /// Adds what others did.
    pub fn merge(&mut self, other: &Self) {
        self.workers += other.workers;
        self.lost += other.lost;
        self.late += other.late;
        self.completions += other.completions;
        self.repeats += other.repeats;
        for (kind, count) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += count;
        }
        self.latency.merge(&other.latency);
        self.cold_starts += other.cold_starts;
        self.connections_opened += other.connections_opened;
        self.server_connections = self.server_connections.max(other.server_connections);
        self.cpu_ms += other.cpu_ms;
        let starts = [self.started_at_ms, other.started_at_ms];
        self.started_at_ms = starts.into_iter().filter(|ms| *ms > 0).min().unwrap_or(0);
        self.ended_at_ms = self.ended_at_ms.max(other.ended_at_ms);
    }

    /// How long its load lasted, s; at least as long as it was to last.
    #[must_use]
    pub fn elapsed_seconds(&self, intended: f64) -> f64 {
        let span = real(self.ended_at_ms.saturating_sub(self.started_at_ms)) / 1000.0;
        span.max(intended)
    }

    /// All failed statements.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// Asks the function `aurora-tally` for a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TallyRequest {
    /// Its id; none for the run that started last.
    pub run: Option<String>,
    /// Ids of sources of which to say whether they are done.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// What the ledger in the database says of one run: the answer of the function `aurora-tally`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// The run.
    pub run: String,
    /// Messages (queue) or workers (ramp) that are done.
    pub done: u64,
    /// Those that have started and not ended, or never will.
    pub unfinished: u64,
    /// Ids of sources that are done, of those that were asked for.
    #[serde(default)]
    pub done_sources: Vec<String>,
    /// By action.
    pub actions: Vec<ActionTally>,
}

/// One action of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActionTally {
    /// The action.
    pub action: Action,
    /// The driver.
    pub driver: Driver,
    /// Everything that attempts have recorded, merged.
    pub outcome: Outcome,
    /// Rows that the run's statements have left in the table: equal to `outcome.completions`; none for reads.
    pub rows: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_counts_and_spans_the_time() {
        let mut all = Outcome::default();
        for (start, end, kind) in [(2000, 5000, "40001"), (1000, 4000, "40001"), (3000, 3500, "57014")] {
            all.merge(&Outcome {
                workers: 1,
                completions: 10,
                errors: BTreeMap::from([(kind.to_owned(), 2)]),
                server_connections: Some(start / 1000),
                started_at_ms: start,
                ended_at_ms: end,
                ..Outcome::default()
            });
        }
        assert_eq!((all.workers, all.completions, all.failures()), (3, 30, 6));
        assert_eq!(all.errors, BTreeMap::from([("40001".to_owned(), 4), ("57014".to_owned(), 2)]));
        assert_eq!((all.started_at_ms, all.ended_at_ms, all.server_connections), (1000, 5000, Some(3)));
    }
}
