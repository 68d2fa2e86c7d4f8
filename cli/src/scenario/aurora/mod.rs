//! Load on Aurora PostgreSQL: by stages of workers or by messages, and what the database took of it.

pub mod estimate;
mod execute;
pub mod options;
pub mod report;
#[cfg(test)]
mod testing;

use anyhow::Result;
use protocol::aurora::{Deployed, Workers};

use super::Scenario;
use super::shared::estimate::{Past, Plan};
use super::shared::limits::{Quota, STATE_TRANSITIONS};
use super::shared::memory_sweep::ComparedBy;
use super::shared::run::{self, Measurement};
use super::shared::tables;
use options::{Mode, Options};

/// A run of this scenario.
type Run = run::Run<Deployed>;

/// What load does Aurora PostgreSQL take from functions?
pub struct Aurora(Options);

impl Scenario for Aurora {
    const NAME: &'static str = "aurora";
    type Options = Options;
    type Deployed = Deployed;
    const COMPARED: ComparedBy =
        ComparedBy { speed: "TPS", is_rate: true, price: "a million completions, without Aurora's capacity" };
    const QUOTAS: &'static [Quota] = &[STATE_TRANSITIONS];

    fn new(options: &Options) -> Result<Self> {
        options.check()?;
        Ok(Self(options.clone()))
    }

    fn measured_functions(&self, deployed: &Deployed) -> Vec<String> {
        let workers = self.0.drivers().iter().filter_map(|driver| deployed.workers.get(driver));
        let function = |workers: &Workers| match self.0.mode {
            Mode::Ramp => workers.ramp.clone(),
            Mode::Queue => workers.queue.clone(),
        };
        workers.map(function).collect()
    }

    fn invocations_at_once(&self, deployed: &Deployed) -> u64 {
        match self.0.mode {
            Mode::Ramp => self.0.stages().into_iter().max().unwrap_or(1),
            Mode::Queue => deployed.as_ref().setting("concurrency").unwrap_or(1),
        }
    }

    async fn estimate(&self, run: &Run, _: Option<u64>, pasts: &[&Past]) -> Result<Plan> {
        estimate::plan(run, &self.0, self.invocations_at_once(&run.deployed), pasts)
    }

    async fn run(&self, run: &Run) -> Result<Measurement> {
        self.0.check_clients(run.deployed.max_clients())?;
        let observation = execute::execute(run, &self.0).await?;
        Ok(report::measurement(run, &self.0, &observation))
    }
}

/// Such as `1 client`.
fn clients(count: u64) -> String {
    tables::count(count, "client")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::parsed;

    #[test]
    fn only_the_workers_that_load_the_database_get_other_memory() {
        let functions = |line| {
            let aurora = Aurora::new(&parsed(line).unwrap()).unwrap();
            aurora.measured_functions(&testing::run().deployed)
        };
        assert_eq!(functions("--driver sqlx"), ["worker-ramp-sqlx"]);
        assert_eq!(functions("--mode queue"), ["worker-queue-sqlx", "worker-queue-data-api"]);
    }
}
