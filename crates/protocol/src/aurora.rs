//! Load on a database: what workers return, what the ledger tells, and what a result file keeps of them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// By which road a worker reaches the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// PostgreSQL's own protocol, from inside the VPC.
    Sqlx,
    /// HTTPS requests to the RDS Data API.
    DataApi,
}

impl fmt::Display for Driver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Sqlx => "sqlx",
            Self::DataApi => "data-api",
        })
    }
}

/// What a unit of load executes; the statements stand in `sql/aurora/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// One row into `transactions`.
    Insert,
    /// One row of `transactions` by its key.
    Select,
    /// A day's transactions by type: a join and an aggregation.
    Select2,
    /// pgbench's "TPC-B (sort of)" transaction.
    Tpcb,
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Insert => "INSERT",
            Self::Select => "SELECT",
            Self::Select2 => "SELECT2",
            Self::Tpcb => "TPCB",
        })
    }
}

impl Action {
    /// Whether it only reads, and so can go to a reader.
    #[must_use]
    pub fn reads(self) -> bool {
        matches!(self, Self::Select | Self::Select2)
    }
}

/// Which of the cluster's endpoints a statement goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// Reads and writes.
    Writer,
    /// Reads only; the writer where the cluster has no reader.
    Reader,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
        })
    }
}

/// What a worker did, or what several did, merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)] // the state machine says of a lost worker no more than that it is lost
pub struct Outcome {
    /// Workers (ramp) or attempts at messages (queue) that this is made of.
    pub workers: u64,
    /// Workers that ended without an outcome: killed, timed out, crashed. Their work is in no other figure here.
    pub lost: u64,
    /// Workers that began after the stage did, since they were started late.
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

    /// All failed statements.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// What the ledger in the database says of one run: the answer of the function `aurora-tally`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// The run.
    pub run: String,
    /// Messages (queue) or workers (ramp) that are done.
    pub done: u64,
    /// Those that began, and didn't end yet or never will.
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

    #[test]
    fn names_are_the_seeds() {
        let names = [Action::Insert, Action::Select, Action::Select2, Action::Tpcb];
        assert_eq!(serde_json::to_string(&names).unwrap(), r#"["INSERT","SELECT","SELECT2","TPCB"]"#);
        assert_eq!(serde_json::to_string(&Driver::DataApi).unwrap(), r#""data-api""#);
        assert_eq!(names.map(|name| name.to_string()), ["INSERT", "SELECT", "SELECT2", "TPCB"]);
        assert_eq!([Driver::Sqlx, Driver::DataApi].map(|name| name.to_string()), ["sqlx", "data-api"]);
        assert_eq!([Endpoint::Writer, Endpoint::Reader].map(|name| name.to_string()), ["writer", "reader"]);
    }
}
