//! An event with many items, split through a queue: how much sooner they are done, and for how much more money.

pub mod estimate;
mod execute;
pub mod options;
pub mod report;
#[cfg(test)]
mod testing;

use anyhow::Result;
use protocol::splitter::Deployed;
use results::scenario::splitter::SPLIT_COST;

use super::Scenario;
use super::shared::estimate::{Past, Plan};
use super::shared::limits::{Quota, STATE_TRANSITIONS};
use super::shared::memory_sweep::ComparedBy;
use super::shared::run::{self, Measurement};
use options::Options;

/// A run of this scenario.
type Run = run::Run<Deployed>;

/// What does fan-out through a queue buy?
pub struct Splitter(Options);

impl Scenario for Splitter {
    const NAME: &'static str = "splitter";
    type Options = Options;
    type Deployed = Deployed;
    const COMPARED: ComparedBy = ComparedBy { speed: "elapsed, s", is_rate: false, price: SPLIT_COST };
    const QUOTAS: &'static [Quota] = &[STATE_TRANSITIONS];

    fn new(options: &Options) -> Result<Self> {
        options.check()?;
        Ok(Self(options.clone()))
    }

    fn measured_functions(&self, deployed: &Deployed) -> Vec<String> {
        vec![deployed.functions.worker.clone()]
    }

    fn invocations_at_once(&self, deployed: &Deployed) -> u64 {
        let concurrencies = self.0.concurrency.iter().copied();
        let items = concurrencies.max().or_else(|| deployed.as_ref().setting("concurrency")).unwrap_or(1);
        items + self.0.workers().unwrap_or_default()
    }

    async fn estimate(&self, run: &Run, _: Option<u64>, pasts: &[&Past]) -> Result<Plan> {
        estimate::plan(run, &self.0, self.invocations_at_once(&run.deployed), pasts)
    }

    async fn run(&self, run: &Run) -> Result<Measurement> {
        let observation = execute::execute(run, &self.0).await?;
        Ok(report::measurement(run, &observation))
    }
}
