//! Load on Aurora PostgreSQL: by stages of workers or by messages, and what the database took of it.

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
use jiff::Timestamp;
use protocol::aurora::{Driver, Endpoint};
use results::file::RunResult;
use serde::Deserialize;

use crate::capacity::Used;
use crate::progress::Mode;
use crate::project::Project;
use crate::record;
use crate::site::Site;
use crate::stack::{self, Place};
use crate::text;
use options::{LoadPlan, Plan};

/// The output `environment.aurora`, as `stacks/aurora.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Aurora {
    #[serde(flatten)]
    place: Place,
    cluster: Cluster,
    queues: BTreeMap<Driver, Queue>,
    workers: BTreeMap<Driver, Workers>,
    state_machine: String,
    functions: Functions,
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
    aurora: Aurora,
    config: SdkConfig,
    plan: Plan,
    progress: Mode,
    name: String,
    started_at: Timestamp,
}

/// Runs a load test on a stack.
///
/// # Errors
/// If the stack, its place or an execution fails; [`crate::exit::Interrupted`] if the user ended it.
pub async fn run(project: &Project, stack: Option<&str>, progress: Mode, plan: Plan) -> Result<RunResult> {
    let aurora: Aurora = stack::environment("aurora", stack)?;
    let config = crate::aws::config(&aurora.place).await;
    let started_at = Timestamp::now();
    let test = Test { aurora, config, plan, progress, name: record::name(started_at), started_at };
    let (runs, findings) = match &test.plan.load {
        LoadPlan::Ramp(ramp) => ramp::run(&test, ramp).await?,
        LoadPlan::Queue(queue) => queue::run(&test, queue).await?,
    };
    Ok(outcome::result(project, &test, runs, findings))
}

impl Test {
    /// The database's time in a load of some seconds.
    fn used(&self, span_ms: (i64, i64), seconds: f64) -> Used<'_> {
        let instances = 1 + self.aurora.place.setting("readers").unwrap_or(0);
        Used { cluster: &self.aurora.cluster.identifier, instances, span_ms, seconds }
    }

    /// Where it runs.
    fn site(&self) -> Site<'_> {
        Site { place: &self.aurora.place, config: &self.config, progress: self.progress }
    }
}

/// Such as `1 client`.
fn clients(count: u64) -> String {
    text::count(count, "client")
}

impl Aurora {
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
            self.place.flag()
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
