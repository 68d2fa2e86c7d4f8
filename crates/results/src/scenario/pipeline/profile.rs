//! Loads whose rate is not the same throughout.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a load's rate changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Rates that rise, each held for the same time.
    Steps {
        /// Requests per second.
        rates: Vec<u64>,
        /// How long each is held, s.
        seconds: f64,
    },
    /// A higher rate in the middle of the load.
    Spike {
        /// Requests per second before it and behind it.
        usual_rate: u64,
        /// How long it lasts, s.
        seconds: f64,
    },
    /// Trials at rates that depend on what holds.
    FindLimit {
        /// What has to hold, such as `p99<500ms,errors<0.1%`.
        slo: String,
        /// Functions that send a trial at most, if that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workers: Option<u64>,
    },
}

/// How soon latencies were, after a spike, what they had been before: from its end until the median of what was due in an interval
/// is no longer than 90 % of all had been before, and stays so. None if it isn't until the end of the load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spike {
    /// The intervals, s.
    pub interval_seconds: f64,
    /// Of accepted requests, s.
    pub http_back_seconds: Option<f64>,
    /// From a request to its row, s.
    pub end_to_end_back_seconds: Option<f64>,
}
