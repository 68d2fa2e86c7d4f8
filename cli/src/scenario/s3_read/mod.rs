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
use jiff::Timestamp;
use results::file::RunResult;
use results::scenario::s3_read::{Asked, Variant};
use serde::Deserialize;

use crate::progress::Mode;
use crate::project::Project;
use crate::record;
use crate::site::Site;
use crate::stack::{self, Place};
use options::Plan;

/// The output `environment["s3-read"]`, as `stacks/s3-read.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct S3Read {
    #[serde(flatten)]
    place: Place,
    bucket: String,
    table: Table,
    variants: BTreeMap<Variant, Road>,
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
    s3_read: S3Read,
    config: SdkConfig,
    plan: Plan,
    progress: Mode,
    name: String,
    started_at: Timestamp,
}

/// Reads the stack's bucket.
///
/// # Errors
/// If the stack or its place fails; [`crate::exit::Interrupted`] if the user ended it.
pub async fn run(project: &Project, stack: Option<&str>, progress: Mode, plan: Plan) -> Result<RunResult> {
    let s3_read: S3Read = stack::environment("s3-read", stack)?;
    let config = crate::aws::config(&s3_read.place).await;
    let started_at = Timestamp::now();
    let name = record::name(started_at);
    let test = Test { s3_read, config, plan, progress, name, started_at };
    let found = if test.plan.memories.is_empty() {
        find::run(&test).await?
    } else {
        sweep::run(project, &test).await?
    };
    Ok(outcome::result(project, &test, found))
}

impl Test {
    /// Where it runs.
    fn site(&self) -> Site<'_> {
        Site { place: &self.s3_read.place, config: &self.config, progress: self.progress }
    }

    /// A variant's functions and queues.
    fn road(&self, variant: Variant) -> Result<&Road> {
        self.s3_read.variants.get(&variant).with_context(|| {
            let flag = self.s3_read.place.flag();
            format!("the stack has no variant {variant}: deploy it again with: pulumi up {flag}")
        })
    }

    /// What is to be read: of a bucket that the stack has filled, all of it.
    fn asked(&self) -> Asked {
        let settings = &self.s3_read.place.settings;
        let text = |name: &str| settings.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        Asked {
            bucket: self.s3_read.bucket.clone(),
            prefix: self.plan.prefix.clone(),
            modified_within_hours: self.plan.modified_within_hours,
            max_objects: self
                .plan
                .max_objects
                .or_else(|| self.s3_read.place.setting("objectCount"))
                .unwrap_or_default(),
            hash: text("hash").to_owned(),
        }
    }
}
