//! The archive contest: who builds one ZIP of all objects of a bucket cheapest, who fastest?

pub mod check;
mod execute;
pub mod options;
pub mod report;
#[cfg(test)]
mod testing;

use anyhow::Result;
use protocol::archive::Deployed;

use crate::scenario::Scenario;
use crate::scenario::shared::run::{self, Measurement};

type Run = run::Run<Deployed>;

/// One contest.
pub struct Archive;

impl Scenario for Archive {
    const NAME: &'static str = "archive";
    type Options = options::Options;
    type Deployed = Deployed;

    fn new(_: &Self::Options) -> Result<Self> {
        Ok(Self)
    }

    async fn run(&self, run: &Run) -> Result<Measurement> {
        let observation = execute::execute(run).await?;
        report::measurement(run, &observation)
    }
}
