//! The result of the splits: their figures, samples, costs, warnings and failed checks.

mod aggregate;
mod cost;
mod failed_checks;
mod gantt;
mod headline;
mod metrics;
mod pictures;
mod series;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod verdict;
mod warnings;

use std::collections::BTreeMap;

use results::cost::Cost;
use results::file::RunResult;
use results::memory_sweep::Figure;
use results::scenario::Detail;
use results::scenario::splitter::{SPLIT_COST, SplitRun, Splitting, cost_item};
use serde_json::{Map, Value};

pub use cost::Quantities;

use super::Run;
use super::estimate;
use super::execute::Observation;
use crate::html::picture::Picture;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::report::Report;
use crate::scenario::shared::cost::usd_of;
use crate::scenario::shared::headline::Headline;
use crate::scenario::shared::metric::Metric;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::verdict::joined;
use crate::scenario::shared::verdict::{Commands, Verdict};

/// What was observed, as a result.
pub fn measurement(run: &Run, observation: &Observation) -> Measurement {
    let splitting = aggregate::splitting(run, observation);
    let splits = || observation.splits.iter().zip(&splitting.runs);
    let mut warnings = observation.warnings.clone();
    warnings.extend(warnings::warnings(run, observation, &splitting));
    let cost = cost::costs(run, observation, &splitting);
    Measurement {
        series: splits().flat_map(|(split, figures)| series::series(split, figures)).collect(),
        figures: splitting.runs.iter().map(|run| figure(run, &cost)).collect(),
        cost,
        warnings,
        missing: observation.missing.clone(),
        failed_checks: splits()
            .flat_map(|(split, figures)| failed_checks::failed_checks(split, figures))
            .collect(),
        detail: Detail::Splitter(splitting),
    }
}

/// What was run, by the names of settings.
fn settings(Splitting { task, runs }: &Splitting) -> BTreeMap<&'static str, String> {
    let concurrency = joined(runs.iter().map(|run| run.concurrency));
    [("concurrency", concurrency), ("itemSeconds", task.item_seconds.to_string())].into()
}

/// What memory sizes are compared by: nothing where not all items are done.
fn figure(run: &SplitRun, costs: &[Cost]) -> Figure {
    let is_done = run.items.dead_lettered + run.items.lost + run.items.unsent + run.items.interrupted == 0;
    let item = cost_item(run.concurrency, SPLIT_COST);
    Figure {
        name: format!("concurrency {}", run.concurrency),
        speed: run.elapsed_seconds.filter(|_| is_done),
        usd: usd_of(costs, &item).filter(|_| is_done),
    }
}

impl Report for Splitting {
    fn render(&self, _: &str, costs: &[Cost], _: RankBy) -> String {
        table::render(self, costs)
    }

    fn options(&self, _: &str) -> Value {
        super::options::of_result(self)
    }

    fn used(&self, _: &str, costs: &[Cost]) -> Vec<Cost> {
        estimate::used(self, costs)
    }

    fn command_options(&self, settings: &Map<String, Value>) -> String {
        verdict::options(self, settings)
    }

    fn verdict(&self, result: &RunResult, commands: &Commands<'_>) -> Verdict {
        verdict::verdict(self, &result.cost, commands)
    }

    fn headline(&self, _: &str) -> Option<Headline> {
        headline::headline(self)
    }

    fn metrics(&self, _: &str) -> Vec<Metric> {
        metrics::metrics(self)
    }

    fn settings(&self) -> BTreeMap<&'static str, String> {
        settings(self)
    }

    fn pictures(&self, part: &Part<'_>) -> Vec<Picture> {
        pictures::pictures(self, part)
    }
}
