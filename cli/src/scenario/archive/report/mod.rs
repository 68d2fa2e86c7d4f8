//! Makes a measurement of an observation: statistics, prices, the ranking, and who is out.

mod aggregate;
mod chosen;
mod cost;
mod disqualification;
mod failed_checks;
mod headline;
mod metrics;
mod pictures;
mod prediction;
mod requests;
mod series;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod time_picture;
pub mod verdict;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use protocol::archive::function_name;
use protocol::stats::real;
use results::cost::Cost;
use results::file::RunResult;
use results::memory_sweep::Figure;
use results::scenario::Detail;
use results::scenario::archive::{Contest, Success};
use serde_json::{Map, Value};

pub use cost::{Requests, usage};
pub use metrics::price_over_runs;
pub use pictures::price_against_time;

use super::Run;
use super::estimate;
use super::execute::Observation;
use crate::html::picture::Picture;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::report::Report;
use crate::scenario::shared::headline::Headline;
use crate::scenario::shared::metric::Metric;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::verdict::joined;
use crate::scenario::shared::verdict::{Commands, Verdict, runs_of};

/// The result of one execution.
///
/// # Errors
/// If a contender's architecture has no price.
pub fn measurement(run: &Run, observation: &Observation) -> Result<Measurement> {
    let (contest, missing_reports) = aggregate::contest(observation, run)?;
    let stack = &run.deployment().stack;
    Ok(Measurement {
        series: contest.success.iter().flat_map(|one| series::of_contender(stack, one)).collect(),
        cost: contest.success.iter().map(|one| cost::cost(&run.prices, stack, one)).collect(),
        warnings: warnings::warnings(run, observation, &contest, missing_reports),
        failed_checks: failed_checks::failed_checks(&contest, &observation.missing),
        missing: observation.missing.clone(),
        figures: contest.success.iter().map(|one| figure(stack, one)).collect(),
        detail: Detail::Archive(contest),
    })
}

/// What a contender's memory sizes are compared by: the ranking's figures.
fn figure(stack: &str, success: &Success) -> Figure {
    Figure {
        name: contender(stack, &success.arn).to_owned(),
        speed: Some(real(success.duration_ms) / 1000.0),
        usd: Some(success.run_price_usd * 1000.0),
    }
}

/// What was run, by the names of settings: the numbers of runs, and the memory, which a `contender.yaml` may set.
fn settings(contest: &Contest) -> BTreeMap<&'static str, String> {
    let distinct =
        |figure: fn(&Success) -> u64| joined(contest.success.iter().map(figure).collect::<BTreeSet<_>>());
    if contest.success.is_empty() {
        return BTreeMap::new();
    }
    [("memory", distinct(|one| one.memory_mb)), ("runsPerContender", distinct(|one| one.runs_count))].into()
}

/// The memory of the contender whose name something is or begins with, such as `rust-stream run`, MB.
pub fn memory_mb(contest: &Contest, stack: &str, item: &str) -> Option<u64> {
    let is_about = |one: &&Success| {
        let rest = item.strip_prefix(contender(stack, &one.arn));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    contest.success.iter().find(is_about).map(|one| one.memory_mb)
}

/// A contender's short name: `<lang>-<id>`.
pub fn contender<'a>(stack: &str, arn: &'a str) -> &'a str {
    let name = function_name(arn);
    name.split_once(&format!("-{stack}-")).map_or(name, |(_, short)| short)
}

impl Report for Contest {
    fn render(&self, stack: &str, costs: &[Cost], rank_by: RankBy) -> String {
        table::render(self, stack, costs, rank_by)
    }

    fn options(&self, stack: &str) -> Value {
        super::options::of_result(self, stack)
    }

    fn used(&self, stack: &str, costs: &[Cost]) -> Vec<Cost> {
        estimate::used(self, stack, costs)
    }

    fn command_options(&self, _: &Map<String, Value>) -> String {
        chosen::options(self)
    }

    fn verdict(&self, result: &RunResult, commands: &Commands<'_>) -> Verdict {
        verdict::verdict(self, &result.environment.stack, |name| runs_of(result, name), commands)
    }

    fn headline(&self, stack: &str) -> Option<Headline> {
        headline::headline(self, stack)
    }

    fn metrics(&self, stack: &str) -> Vec<Metric> {
        metrics::metrics(self, stack)
    }

    fn settings(&self) -> BTreeMap<&'static str, String> {
        settings(self)
    }

    fn out(&self, stack: &str) -> Vec<String> {
        table::out(self, stack)
    }

    fn pictures(&self, part: &Part<'_>) -> Vec<Picture> {
        pictures::pictures(self, part)
    }
}
