//! Load on Aurora PostgreSQL: by stages of workers or by messages, and what the database took of it.

mod advice;
mod capacity;
pub mod options;
mod outcome;
mod price;
mod queue;
mod ramp;
mod reports;
pub mod table;
mod tally;
#[cfg(test)]
mod testing;
mod violations;
mod warnings;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use jiff::Timestamp;
use results::file::RunResult;
use results::load::{Driver, Endpoint};
use serde::Deserialize;

use crate::progress::Mode;
use crate::project::Project;
use crate::record;
use crate::stack::{self, Place};
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
    /// Tells the user what takes a while.
    fn say(&self, what: &str) {
        if self.progress != Mode::None {
            eprintln!("{what}");
        }
    }
}

/// Such as `1 client`.
fn clients(count: u64) -> String {
    if count == 1 { "1 client".to_owned() } else { format!("{count} clients") }
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
        format!("the stack has no workers for {driver}: deploy it again with: pulumi up {}", self.flag())
    }

    /// The host name of an endpoint.
    fn host(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Writer => &self.cluster.writer,
            Endpoint::Reader => &self.cluster.reader,
        }
    }

    /// A setting that must be there.
    fn setting(&self, name: &str) -> Result<u64> {
        match self.place.setting(name) {
            Some(value) => Ok(value),
            None => {
                bail!("the stack has no setting '{name}': deploy it again with: pulumi up {}", self.flag())
            }
        }
    }

    /// What to put behind a command to mean this stack.
    fn flag(&self) -> String {
        format!("--stack {}", self.place.stack)
    }

    /// Whether it runs on AWS itself.
    fn is_on_aws(&self) -> bool {
        self.place.endpoint.is_none()
    }
}
