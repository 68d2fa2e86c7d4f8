//! What a stack says of the scenario.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Driver, Endpoint};
use crate::deployment::{Cluster, Deployment, Queue};

/// The output `environment.aurora`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// What every scenario's output has.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// The database.
    pub cluster: Cluster,
    /// A queue for each driver.
    pub queues: BTreeMap<Driver, Queue>,
    /// Functions for each driver.
    pub workers: BTreeMap<Driver, Workers>,
    /// The ARN of the state machine that runs a ramp.
    pub state_machine: String,
    /// Workers of a stage that the state machine starts, and whose outcomes it merges, together.
    pub group_size: u64,
    /// The other functions.
    pub functions: Functions,
}

/// A driver's functions, by name.
#[derive(Debug, Clone, Deserialize)]
pub struct Workers {
    /// Executes what messages ask for.
    pub queue: String,
    /// Is one client of a ramp's stage.
    pub ramp: String,
}

/// The functions that put no load on the database, by name.
#[derive(Debug, Clone, Deserialize)]
pub struct Functions {
    /// Tells what the ledger says of a run.
    pub tally: String,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

impl AsMut<Deployment> for Deployed {
    fn as_mut(&mut self) -> &mut Deployment {
        &mut self.deployment
    }
}

impl Deployed {
    /// The host name of an endpoint.
    #[must_use]
    pub fn host(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Writer => &self.cluster.writer,
            Endpoint::Reader => &self.cluster.reader,
        }
    }

    /// The clients that a stage can have: as many groups of workers as a group has workers.
    #[must_use]
    pub fn max_clients(&self) -> u64 {
        self.group_size.pow(2)
    }

    /// Tasks of the state machine in a stage with this number of clients: each of them, and the merges of each group and of all
    /// groups.
    #[must_use]
    pub fn stage_tasks(&self, clients: u64) -> u64 {
        clients + clients.div_ceil(self.group_size) + 1
    }
}
