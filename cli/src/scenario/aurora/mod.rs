//! Load on Aurora PostgreSQL: by stages of workers or by messages, and what the database took of it.

mod execute;
pub mod options;
pub mod report;
#[cfg(test)]
mod testing;

use anyhow::Result;
use protocol::aurora::Deployed;

use super::Scenario;
use super::shared::run::{self, Measurement};
use super::shared::tables;
use options::Options;

/// A run of this scenario.
type Run = run::Run<Deployed>;

/// What load does Aurora PostgreSQL take from functions?
pub struct Aurora(Options);

impl Scenario for Aurora {
    const NAME: &'static str = "aurora";
    type Options = Options;
    type Deployed = Deployed;

    fn new(options: &Options) -> Result<Self> {
        options.check()?;
        Ok(Self(options.clone()))
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
