//! Messages through the pipeline: an open load of HTTP requests, and what became of each on its way to a row.

mod account;
mod dead;
mod find;
mod load;
pub mod options;
mod outcome;
mod price;
mod schedule;
pub mod table;
mod tally;
#[cfg(test)]
mod testing;
mod violations;
mod wait;
mod warnings;

use std::cell::Cell;

use anyhow::Result;
use aws_config::SdkConfig;
use jiff::Timestamp;
use protocol::deployment::Deployment;
use serde::Deserialize;

use crate::progress::Mode;
use crate::scenario::Scenario;
use crate::scenario::shared::run::{Measurement, Run};
use crate::scenario::shared::run_context::RunContext;
use options::Plan;

/// The output `environment.pipeline`, as `stacks/pipeline.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    #[serde(flatten)]
    deployment: Deployment,
    api: Api,
    stream: Stream,
    table: Table,
    dead_letters: DeadLetterQueues,
    functions: Functions,
    cluster: Cluster,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

/// Where messages are sent to.
#[derive(Debug, Clone, Deserialize)]
struct Api {
    url: String,
    auth: Auth,
}

/// Who may call the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auth {
    /// Who signs with credentials that may.
    Iam,
    /// Everybody.
    None,
}

/// The Kinesis stream.
#[derive(Debug, Clone, Deserialize)]
struct Stream {
    name: String,
    arn: String,
}

/// The DynamoDB table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    stream_arn: String,
}

/// The URLs of the queues for what can't be delivered.
#[derive(Debug, Clone, Deserialize)]
struct DeadLetterQueues {
    midstream: String,
    downstream: String,
}

/// The functions, by name.
#[derive(Debug, Clone, Deserialize)]
struct Functions {
    upstream: String,
    midstream: String,
    downstream: String,
    tally: String,
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
struct Cluster {
    identifier: String,
}

/// A load test: what to send, where, and under which name.
struct Test {
    pipeline: Deployed,
    config: SdkConfig,
    plan: Plan,
    progress: Mode,
    name: String,
    started_at: Timestamp,
    /// Accepted messages that have arrived, as far as it is known.
    arrived: Cell<u64>,
}

/// How long is the way through a stream, from an HTTP call to a row?
pub struct Pipeline(Plan);

impl Scenario for Pipeline {
    const NAME: &'static str = "pipeline";
    type Options = options::Options;
    type Deployed = Deployed;

    fn new(options: &Self::Options) -> Result<Self> {
        Ok(Self(options.plan()?))
    }

    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement> {
        let test = Test {
            pipeline: run.deployed.clone(),
            config: run.config.clone(),
            plan: self.0,
            progress: run.progress,
            name: run.name.clone(),
            started_at: run.started_at,
            arrived: Cell::new(0),
        };
        let findings = find::run(&test).await?;
        Ok(outcome::result(&test, findings))
    }
}

impl Test {
    /// Where it runs.
    fn context(&self) -> RunContext<'_> {
        RunContext {
            scenario: "pipeline",
            deployment: &self.pipeline.deployment,
            config: &self.config,
            progress: self.progress,
        }
    }

    /// The number of a message, if it is one of this run's.
    fn number(&self, id: &str) -> Option<u64> {
        id.strip_prefix(&self.name)?.strip_prefix('-')?.parse().ok()
    }

    /// The id of a message.
    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.name)
    }
}
