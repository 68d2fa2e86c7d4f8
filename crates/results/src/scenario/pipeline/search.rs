//! The search for the highest rate that holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stage;

/// Trials at rates that are doubled while they hold, and then lie between the highest that held and the lowest that did not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Search {
    /// The highest rate that held, requests per second; none if none did.
    pub held: Option<u64>,
    /// Why it ended.
    pub end: SearchEnd,
    /// In the order in which they ran.
    pub trials: Vec<Trial>,
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchEnd {
    /// A rate held, and one that is at most a tenth higher did not.
    Found,
    /// The highest rate that can be asked for held.
    Maximum,
    /// Not even one request per second held.
    None,
    /// At a higher rate, the sender itself was the limit.
    Generator,
    /// The user stopped it.
    Interrupted,
    /// A trial could not be run: `failed_checks` says why.
    Failed,
}

/// A load at one rate, whose messages were followed to their rows before the next one began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// What the ids of its messages start with.
    pub run: String,
    /// What came out.
    #[serde(flatten)]
    pub stage: Stage,
    /// Whether it held.
    pub outcome: Outcome,
}

/// Whether a rate held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All conditions did.
    Held,
    /// These did not, in words.
    Broke(Vec<String>),
    /// Nobody can tell, since the sender itself was the limit: why, in words.
    Generator(String),
}

impl Search {
    /// The trial that a result's other figures are of: the one at the highest rate that held, or the last one.
    #[must_use]
    pub fn measured(&self) -> Option<&Trial> {
        let held = self.trials.iter().find(|trial| Some(trial.stage.rate) == self.held);
        held.or(self.trials.last())
    }

    /// Requests of all trials.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.trials.iter().map(|trial| trial.stage.sent()).sum()
    }
}
