//! A bucket read by functions: what is sent to the readers, what they have read, and how fast.

mod dead;
mod figures;
mod find;
mod generate;
mod items;
pub mod options;
mod outcome;
mod price;
mod sweep;
pub mod table;
#[cfg(test)]
mod testing;
mod violations;
mod wait;
mod warnings;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use protocol::deployment::Deployment;
use results::scenario::s3_read::{Asked, Variant};
use serde::Deserialize;

use crate::progress::Mode;
use crate::scenario::Scenario;
use crate::scenario::shared::run::{Measurement, Run};
use crate::scenario::shared::run_context::RunContext;
use options::Plan;

/// The output `environment["s3-read"]`, as `stacks/s3-read.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    #[serde(flatten)]
    deployment: Deployment,
    bucket: String,
    table: Table,
    variants: BTreeMap<Variant, Road>,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

/// The table of what was read.
#[derive(Debug, Clone, Deserialize)]
struct Table {
    name: String,
}

/// A variant: its functions, by name, and the queue between them.
#[derive(Debug, Clone, Deserialize)]
struct Road {
    generator: String,
    reader: String,
    queue: Queue,
}

/// Where the messages are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    url: String,
    dead_letter_url: String,
}

/// What to read, where, and under which name.
struct Test {
    s3_read: Deployed,
    config: SdkConfig,
    plan: Plan,
    progress: Mode,
    name: String,
}

/// How fast do functions read S3, with presigned URLs and with the SDK?
pub struct S3Read(Plan);

impl Scenario for S3Read {
    const NAME: &'static str = "s3-read";
    type Options = options::Options;
    type Deployed = Deployed;

    fn new(options: &Self::Options) -> Result<Self> {
        Ok(Self(options.plan()?))
    }

    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement> {
        let test = Test {
            s3_read: run.deployed.clone(),
            config: run.config.clone(),
            plan: self.0.clone(),
            progress: run.progress,
            name: run.name.clone(),
        };
        let found = if test.plan.memories.is_empty() {
            find::run(&test).await?
        } else {
            sweep::run(&run.project, &test).await?
        };
        Ok(outcome::result(&test, found))
    }
}

impl Test {
    /// Where it runs.
    fn context(&self) -> RunContext<'_> {
        RunContext {
            scenario: "s3-read",
            deployment: &self.s3_read.deployment,
            config: &self.config,
            progress: self.progress,
        }
    }

    /// A variant's functions and queues.
    fn road(&self, variant: Variant) -> Result<&Road> {
        self.s3_read.variants.get(&variant).with_context(|| {
            let flag = self.s3_read.deployment.stack_option();
            format!("the stack has no variant {variant}: deploy it again with: pulumi up {flag}")
        })
    }

    /// What is to be read: of a bucket that the stack has filled, all of it.
    fn asked(&self) -> Asked {
        let settings = &self.s3_read.deployment.settings;
        let text = |name: &str| settings.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        Asked {
            bucket: self.s3_read.bucket.clone(),
            prefix: self.plan.prefix.clone(),
            modified_within_hours: self.plan.modified_within_hours,
            max_objects: self
                .plan
                .max_objects
                .or_else(|| self.s3_read.deployment.setting("objectCount"))
                .unwrap_or_default(),
            hash: text("hash").to_owned(),
        }
    }
}
