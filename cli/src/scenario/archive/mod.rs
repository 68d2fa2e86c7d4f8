//! The archive contest: who builds one ZIP of all objects of a bucket cheapest, who fastest?

pub mod check;
mod choice;
pub mod estimate;
mod execute;
pub mod options;
pub mod prediction;
pub mod rank_by;
pub mod report;
#[cfg(test)]
pub mod testing;

use anyhow::Result;
use protocol::archive::{Deployed, function_name};

use crate::scenario::Scenario;
use crate::scenario::shared::estimate::{Past, Plan};
use crate::scenario::shared::memory_sweep::ComparedBy;
use crate::scenario::shared::run::{self, Measurement};
use options::Options;

type Run = run::Run<Deployed>;

/// One contest.
pub struct Archive(Options);

impl Scenario for Archive {
    const NAME: &'static str = "archive";
    type Options = Options;
    type Deployed = Deployed;
    const COMPARED: ComparedBy =
        ComparedBy { speed: "mean run, s", is_rate: false, price: "1,000 runs, without S3's requests" };
    const OWN_MEMORY: &'static str = "the memory in a contender.yaml";

    fn new(options: &Options) -> Result<Self> {
        Ok(Self(options.clone()))
    }

    fn apply(&self, deployed: &mut Deployed) -> Result<()> {
        choice::apply(&self.0, deployed)
    }

    fn measured_functions(&self, deployed: &Deployed) -> Vec<String> {
        deployed.contenders.iter().map(|arn| function_name(arn).to_owned()).collect()
    }

    fn invocations_at_once(&self, deployed: &Deployed) -> u64 {
        let setting = |name| deployed.as_ref().setting(name).unwrap_or(1);
        setting("runsAtOnce") * setting("contendersAtOnce")
    }

    async fn estimate(&self, run: &Run, size: Option<u64>, pasts: &[&Past]) -> Result<Plan> {
        let options = choice::options(&self.0, &run.deployed)?;
        let at_once = self.invocations_at_once(&run.deployed);
        let plan = estimate::plan(run, &options, at_once, size, pasts).await?;
        Ok(if self.0.requests.is_some() { estimate::with_request_metrics(plan) } else { plan })
    }

    async fn run(&self, run: &Run) -> Result<Measurement> {
        let options = choice::options(&self.0, &run.deployed)?;
        let observation = execute::execute(run, options, self.0.requests.is_some()).await?;
        report::measurement(run, &observation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::parsed;

    #[test]
    fn all_contenders_get_other_memory_and_no_function_that_checks_them() {
        let archive = Archive(parsed("").unwrap());
        assert_eq!(archive.measured_functions(&testing::run().deployed), ["lambench-dev-rust-stream"]);
    }
}
