//! What the state machine of a ramp takes and returns.

use serde::{Deserialize, Serialize};

use super::{Action, Driver, Endpoint, Outcome, Tally};

/// Its input: stages of more and more clients.
#[derive(Debug, Clone, Serialize)]
pub struct Ramp<'a> {
    /// The run.
    pub run: &'a str,
    /// What each unit executes.
    pub action: Action,
    /// How workers reach the database.
    pub driver: Driver,
    /// Where units are sent.
    #[serde(rename = "host")]
    pub endpoint: Endpoint,
    /// Rows in one INSERT statement.
    pub batch: u32,
    /// Units per second that all clients of a stage start together; 0 for a closed loop.
    pub rate: u64,
    /// Clients of the first stage.
    pub from: u64,
    /// Clients of the last stage at most.
    pub to: u64,
    /// Clients that each stage has more than the one before.
    pub step: u64,
    /// How long each stage lasts.
    pub seconds: u64,
}

/// What an execution returns.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RampOutput {
    /// In the order in which they ran.
    pub stages: Vec<StageOutput>,
    /// What the ledger says; none if it could not be read.
    pub tally: Option<Tally>,
    /// Why it could not.
    pub tally_error: Option<String>,
}

/// A stage of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StageOutput {
    /// Its clients.
    pub clients: u64,
    /// What their workers did.
    pub outcome: Outcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executions_output_is_read_as_the_state_machine_writes_it() {
        let output: RampOutput = serde_json::from_str(include_str!("ramp-output.json")).unwrap();
        assert_eq!(output.stages.len(), 2);
        assert_eq!((output.stages[1].clients, output.stages[1].outcome.lost), (3, 1));
        assert_eq!(output.stages[0].outcome.latency.count(), 2);
        assert_eq!(output.tally.unwrap().actions[0].rows, Some(5));
    }
}
