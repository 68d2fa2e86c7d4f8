//! Messages through the pipeline: an open load of HTTP requests, and what became of each on its way to a row.

pub mod estimate;
mod execute;
mod find_limit;
mod limits;
pub mod options;
pub mod report;
mod search;
mod slo;
#[cfg(test)]
mod testing;

use anyhow::Result;
use protocol::pipeline::Deployed;
use results::scenario::pipeline::COST;

use super::Scenario;
use super::shared::estimate::{Past, Plan};
use super::shared::limits::{Quota, STATE_TRANSITIONS, THROTTLE_BURST, THROTTLE_RATE};
use super::shared::memory_sweep::ComparedBy;
use super::shared::run::{self, Measurement};
use crate::exit::Usage;
use options::Options;

/// A run of this scenario.
type Run = run::Run<Deployed>;

/// How long does a message take through a stream, from an HTTP request to a row?
pub struct Pipeline(Options);

impl Scenario for Pipeline {
    const NAME: &'static str = "pipeline";
    type Options = Options;
    type Deployed = Deployed;
    const COMPARED: ComparedBy = ComparedBy { speed: "end-to-end, ms", is_rate: false, price: COST };
    const QUOTAS: &'static [Quota] = &[THROTTLE_RATE, THROTTLE_BURST, STATE_TRANSITIONS];

    fn new(options: &Options) -> Result<Self> {
        options.check()?;
        Ok(Self(options.clone()))
    }

    fn measured_functions(&self, deployed: &Deployed) -> Vec<String> {
        let functions = &deployed.functions;
        [&functions.upstream, &functions.midstream, &functions.downstream].map(Clone::clone).into()
    }

    fn invocations_at_once(&self, deployed: &Deployed) -> u64 {
        let setting = |name| deployed.as_ref().setting(name).unwrap_or(1);
        // A table's stream has a shard for each of its partitions: one, at what a run writes.
        self.0.requests_at_once()
            + self.0.workers().unwrap_or_default()
            + setting("shards").max(1) * setting("parallelization")
            + 1
    }

    async fn estimate(&self, run: &Run, size: Option<u64>, pasts: &[&Past]) -> Result<Plan> {
        if size.is_some() && self.0.find_limit {
            return Err(Usage(
                "--memory compares sizes under one load, and --find-limit has another one with each: look for the limit of one size \
                 after the other, with the setting memory"
                    .to_owned(),
            )
            .into());
        }
        estimate::plan(run, &self.0, self.invocations_at_once(&run.deployed), pasts).await
    }

    async fn run(&self, run: &Run) -> Result<Measurement> {
        if let Some(slo) = self.0.slo.as_ref().filter(|_| self.0.find_limit) {
            return Box::pin(find_limit::find_limit(run, &self.0, slo)).await;
        }
        let observation = Box::pin(execute::execute(run, &self.0)).await?;
        Ok(report::measurement(run, &observation))
    }
}
