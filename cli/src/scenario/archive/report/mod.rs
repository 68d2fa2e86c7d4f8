//! Makes a measurement of an observation: statistics, prices, the ranking, and who is out.

mod aggregate;
mod cost;
mod disqualification;
mod failed_checks;
mod series;
mod table;
#[cfg(test)]
mod tests;
mod warnings;

use anyhow::Result;
use protocol::archive::function_name;
use results::scenario::Detail;

pub use table::render;

use super::Run;
use super::execute::Observation;
use crate::scenario::shared::run::Measurement;

/// The result of one execution.
///
/// # Errors
/// If a contender's architecture has no price.
pub fn measurement(run: &Run, observation: &Observation) -> Result<Measurement> {
    let (contest, missing_reports) = aggregate::contest(observation, run.deployment())?;
    let stack = &run.deployment().stack;
    Ok(Measurement {
        series: contest.success.iter().map(|one| series::series(stack, one)).collect(),
        cost: contest.success.iter().map(|one| cost::cost(stack, one)).collect(),
        warnings: warnings::warnings(run, observation, &contest, missing_reports),
        failed_checks: failed_checks::failed_checks(&contest),
        detail: Detail::Archive(contest),
    })
}

/// A contender's short name: `<lang>-<id>`.
pub fn contender<'a>(stack: &str, arn: &'a str) -> &'a str {
    let name = function_name(arn);
    name.split_once(&format!("-{stack}-")).map_or(name, |(_, short)| short)
}
