//! A bucket read by functions: what is sent to the readers, what they have read, and how fast.

pub mod estimate;
mod execute;
pub mod options;
pub mod report;
#[cfg(test)]
mod testing;

use std::cell::RefCell;

use anyhow::{Context, Result};
use protocol::s3_read::{Deployed, Variant, VariantFunctions};

use crate::scenario::Scenario;
use crate::scenario::shared::estimate::{Past, Plan};
use crate::scenario::shared::limits::{Quota, STATE_TRANSITIONS};
use crate::scenario::shared::memory_sweep::ComparedBy;
use crate::scenario::shared::run::{self, Measurement};
use options::Options;
use report::Contents;

/// A run of this scenario.
type Run = run::Run<Deployed>;

/// How fast do functions read S3, with presigned URLs and with the SDK?
pub struct S3Read {
    options: Options,
    /// What the objects held in the runs before: the content doesn't depend on the readers' memory.
    contents: RefCell<Contents>,
}

impl Scenario for S3Read {
    const NAME: &'static str = "s3-read";
    type Options = Options;
    type Deployed = Deployed;
    const COMPARED: ComparedBy = ComparedBy { speed: "MB/s per function", is_rate: true, price: report::GB };
    const QUOTAS: &'static [Quota] = &[STATE_TRANSITIONS];

    fn new(options: &Options) -> Result<Self> {
        options.check()?;
        Ok(Self { options: options.clone(), contents: RefCell::default() })
    }

    fn measured_functions(&self, deployed: &Deployed) -> Vec<String> {
        let variants =
            self.options.variants().into_iter().filter_map(|variant| deployed.variants.get(&variant));
        variants.map(|functions| functions.reader.clone()).collect()
    }

    fn invocations_at_once(&self, deployed: &Deployed) -> u64 {
        deployed.as_ref().setting("concurrency").unwrap_or(1) + self.options.workers().unwrap_or_default()
    }

    async fn estimate(&self, run: &Run, _: Option<u64>, pasts: &[&Past]) -> Result<Plan> {
        estimate::plan(run, &self.options, self.invocations_at_once(&run.deployed), pasts).await
    }

    async fn run(&self, run: &Run) -> Result<Measurement> {
        let observations = execute::execute(run, &self.options).await?;
        Ok(report::measurement(run, &self.options, observations, &mut self.contents.borrow_mut()))
    }
}

/// A variant's functions and queues.
fn functions(run: &Run, variant: Variant) -> Result<&VariantFunctions> {
    run.deployed.variants.get(&variant).with_context(|| {
        format!("the stack has no variant {variant}: deploy it again with: {}", run.deployment().pulumi("up"))
    })
}
