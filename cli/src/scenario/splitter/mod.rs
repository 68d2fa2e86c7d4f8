//! An event with many items, split through a queue: how much sooner they are done, and for how much more money.

mod dead;
mod event;
mod find;
mod log;
mod mapping;
mod one_by_one;
pub mod options;
mod outcome;
mod price;
pub mod table;
#[cfg(test)]
mod testing;
mod violations;
mod wait;
mod warnings;

use anyhow::Result;
use aws_config::SdkConfig;
use protocol::deployment::Deployment;
use serde::Deserialize;

use crate::progress::Mode;
use crate::scenario::Scenario;
use crate::scenario::shared::run::{Measurement, Run};
use crate::scenario::shared::run_context::RunContext;
use event::Event;
use options::Plan;

/// The output `environment.splitter`, as `stacks/splitter.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    #[serde(flatten)]
    deployment: Deployment,
    queue: Queue,
    run_log: RunLogTable,
    /// Where events are put.
    event_bus: String,
    /// The source of events that lambench may send.
    source: String,
    function: String,
    /// What names the function in an event: several stacks hear of it.
    function_arn: String,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

/// The function's own queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    url: String,
    arn: String,
    dead_letter_url: String,
}

/// The table with what happened.
#[derive(Debug, Clone, Deserialize)]
struct RunLogTable {
    table: String,
}

/// What to send, where, and under which name.
struct Test {
    splitter: Deployed,
    config: SdkConfig,
    event: Event,
    /// One after the other; never empty.
    concurrencies: Vec<u64>,
    progress: Mode,
    name: String,
}

/// What does fan-out through a queue buy?
pub struct Splitter(Plan);

impl Scenario for Splitter {
    const NAME: &'static str = "splitter";
    type Options = options::Options;
    type Deployed = Deployed;

    fn new(options: &Self::Options) -> Result<Self> {
        Ok(Self(options.plan()))
    }

    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement> {
        let event = Event::of(&self.0, &run.deployed)?;
        let concurrencies = match &self.0.concurrencies {
            all if all.is_empty() => vec![run.deployment().required("concurrency")?],
            all => all.clone(),
        };
        let test = Test {
            splitter: run.deployed.clone(),
            config: run.config.clone(),
            event,
            concurrencies,
            progress: run.progress,
            name: run.name.clone(),
        };
        test.check()?;
        let findings = find::run(&test).await?;
        Ok(outcome::result(&test, &findings))
    }
}

impl Test {
    /// Where it runs.
    fn context(&self) -> RunContext<'_> {
        RunContext {
            scenario: "splitter",
            deployment: &self.splitter.deployment,
            config: &self.config,
            progress: self.progress,
        }
    }

    /// The name of the run at a concurrency; the how manieth it is tells it from others at the same.
    fn run(&self, index: usize) -> String {
        format!("{}-{}-{}", self.name, index + 1, self.concurrencies[index])
    }

    /// Items that the function gets from the queue at once.
    fn batch_size(&self) -> u64 {
        self.splitter.deployment.setting("batchSize").unwrap_or(1)
    }
}
