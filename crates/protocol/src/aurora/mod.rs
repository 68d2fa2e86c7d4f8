//! Load on a database: what there is to execute, and where.

mod deployed;
pub mod message;
mod outcome;
mod ramp;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use deployed::{Deployed, Functions, Workers};
pub use outcome::{ActionTally, Outcome, Tally, TallyRequest};
pub use ramp::{Ramp, RampOutput, StageOutput};

/// Rows that one INSERT statement may have.
pub const MAX_BATCH: u32 = 1000;

/// How a worker reaches the database.
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

    /// Rows in one of its statements where an INSERT has `batch`: no other takes several.
    #[must_use]
    pub fn batch(self, batch: u32) -> u32 {
        if self == Self::Insert { batch } else { 1 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_public_load_test() {
        let names = [Action::Insert, Action::Select, Action::Select2, Action::Tpcb];
        assert_eq!(serde_json::to_string(&names).unwrap(), r#"["INSERT","SELECT","SELECT2","TPCB"]"#);
        assert_eq!(serde_json::to_string(&Driver::DataApi).unwrap(), r#""data-api""#);
        assert_eq!(names.map(|name| name.to_string()), ["INSERT", "SELECT", "SELECT2", "TPCB"]);
        assert_eq!([Driver::Sqlx, Driver::DataApi].map(|name| name.to_string()), ["sqlx", "data-api"]);
        assert_eq!([Endpoint::Writer, Endpoint::Reader].map(|name| name.to_string()), ["writer", "reader"]);
    }
}
