//! A bucket read by functions: what is sent to the readers, what they have read, and how fast.

mod execute;
pub mod options;
pub mod report;
#[cfg(test)]
mod testing;

use anyhow::{Context, Result};
use protocol::s3_read::{Deployed, Variant, VariantFunctions};

use crate::scenario::Scenario;
use crate::scenario::shared::run::{self, Measurement};
use options::Options;

/// A run of this scenario.
type Run = run::Run<Deployed>;

/// How fast do functions read S3, with presigned URLs and with the SDK?
pub struct S3Read(Options);

impl Scenario for S3Read {
    const NAME: &'static str = "s3-read";
    type Options = Options;
    type Deployed = Deployed;

    fn new(options: &Options) -> Result<Self> {
        Ok(Self(options.clone()))
    }

    async fn run(&self, run: &Run) -> Result<Measurement> {
        let observations = execute::execute(run, &self.0).await?;
        Ok(report::measurement(run, &self.0, observations))
    }
}

/// A variant's functions and queues.
fn functions(run: &Run, variant: Variant) -> Result<&VariantFunctions> {
    run.deployed.variants.get(&variant).with_context(|| {
        let option = run.deployment().stack_option();
        format!("the stack has no variant {variant}: deploy it again with: pulumi up {option}")
    })
}
