//! Load on Deployed PostgreSQL: by stages of workers or by messages, and what the database took of it.

mod advice;
pub mod options;
mod outcome;
mod price;
mod queue;
mod ramp;
pub mod table;
mod tally;
#[cfg(test)]
mod testing;
mod violations;
mod warnings;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use protocol::aurora::{Driver, Endpoint};
use protocol::deployment::Deployment;
use serde::Deserialize;

use crate::progress::Mode;
use crate::scenario::Scenario;
use crate::scenario::shared::aurora_capacity::Used;
use crate::scenario::shared::run::{Measurement, Run};
use crate::scenario::shared::run_context::RunContext;
use crate::scenario::shared::tables;
use options::{LoadPlan, Plan};

/// The output `environment.aurora`, as `stacks/aurora.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    #[serde(flatten)]
    deployment: Deployment,
    cluster: Cluster,
    queues: BTreeMap<Driver, Queue>,
    workers: BTreeMap<Driver, Workers>,
    state_machine: String,
    functions: Functions,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
struct Cluster {
    identifier: String,
    writer: String,
    reader: String,
    database: String,
}

/// A driver's queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    url: String,
    dead_letter_url: String,
}

/// A driver's functions, by name.
#[derive(Debug, Clone, Deserialize)]
struct Workers {
    queue: String,
    ramp: String,
}

/// The other functions, by name.
#[derive(Debug, Clone, Deserialize)]
struct Functions {
    tally: String,
}

/// A load test: what to run, where, and under which name.
struct Test {
    aurora: Deployed,
    config: SdkConfig,
    plan: Plan,
    progress: Mode,
    name: String,
}

/// What load does Aurora PostgreSQL take from functions?
pub struct Aurora(Plan);

impl Scenario for Aurora {
    const NAME: &'static str = "aurora";
    type Options = options::Options;
    type Deployed = Deployed;

    fn new(options: &Self::Options) -> Result<Self> {
        Ok(Self(options.plan()?))
    }

    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement> {
        let test = Test {
            aurora: run.deployed.clone(),
            config: run.config.clone(),
            plan: self.0.clone(),
            progress: run.progress,
            name: run.name.clone(),
        };
        let (runs, findings) = match &test.plan.load {
            LoadPlan::Ramp(ramp) => ramp::run(&test, ramp).await?,
            LoadPlan::Queue(queue) => queue::run(&test, queue).await?,
        };
        Ok(outcome::result(&test, runs, findings))
    }
}

impl Test {
    /// The database's time in a load of some seconds.
    fn used(&self, span_ms: (i64, i64), seconds: f64) -> Used<'_> {
        let instances = 1 + self.aurora.deployment.setting("readers").unwrap_or(0);
        Used { cluster: &self.aurora.cluster.identifier, instances, span_ms, seconds }
    }

    /// Where it runs.
    fn context(&self) -> RunContext<'_> {
        RunContext {
            scenario: "aurora",
            deployment: &self.aurora.deployment,
            config: &self.config,
            progress: self.progress,
        }
    }
}

/// Such as `1 client`.
fn clients(count: u64) -> String {
    tables::count(count, "client")
}

impl Deployed {
    /// A driver's queue.
    fn queue(&self, driver: Driver) -> Result<&Queue> {
        self.queues.get(&driver).with_context(|| self.lacks(driver))
    }

    /// A driver's functions.
    fn workers(&self, driver: Driver) -> Result<&Workers> {
        self.workers.get(&driver).with_context(|| self.lacks(driver))
    }

    fn lacks(&self, driver: Driver) -> String {
        format!(
            "the stack has no workers for {driver}: deploy it again with: pulumi up {}",
            self.deployment.stack_option()
        )
    }

    /// The host name of an endpoint.
    fn host(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Writer => &self.cluster.writer,
            Endpoint::Reader => &self.cluster.reader,
        }
    }
}
