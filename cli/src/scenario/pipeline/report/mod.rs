//! The result of a load: its figures, samples, costs, and what to know about them.

pub mod aggregate;
mod by_second;
mod cost;
pub mod failed_checks;
mod figures;
mod headline;
mod metrics;
mod pictures;
mod profile;
mod seconds;
mod series;
pub mod stages;
mod table;
#[cfg(test)]
mod tests;
mod verdict;
mod warnings;

use results::cost::Cost;
use results::file::RunResult;
use results::scenario::Detail;
use results::scenario::pipeline::{Delivery, Search, SearchEnd};
use serde_json::{Map, Value};

pub use cost::Quantities;

use super::Run;
use super::estimate;
use super::execute::Observation;
use super::options::Options;
use crate::html::picture::Picture;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::report::Report;
use crate::scenario::shared::headline::Headline;
use crate::scenario::shared::metric::Metric;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::tables;
use crate::scenario::shared::verdict::{Commands, Verdict};

/// What a run has measured.
pub fn measurement(run: &Run, observation: &Observation) -> Measurement {
    let delivery = aggregate::delivery(run, observation);
    let failed_checks = failed_checks::failed_checks(&delivery, &observation.arrived.tally);
    of_delivery(run, observation, delivery, failed_checks)
}

/// What a search has found: `observation` is of the trial that its other figures are of, and `failed_checks` of all trials.
pub fn of_search(
    run: &Run,
    observation: &Observation,
    asked: &Options,
    search: Search,
    failed_checks: Vec<String>,
) -> Measurement {
    let trials = tables::count(search.trials.len() as u64, "trial");
    let is_interrupted = search.end == SearchEnd::Interrupted;
    let delivery = Delivery {
        offered: asked.offered(&asked.schedule()),
        search: Some(search),
        ..aggregate::delivery(run, observation)
    };
    let missing = is_interrupted.then(|| format!("the rest of the search: it was stopped after {trials}"));
    Measurement {
        missing: missing.into_iter().collect(),
        ..of_delivery(run, observation, delivery, failed_checks)
    }
}

fn of_delivery(
    run: &Run,
    observation: &Observation,
    delivery: Delivery,
    failed_checks: Vec<String>,
) -> Measurement {
    let mut warnings = observation.warnings.clone();
    warnings.extend(warnings::warnings(run, observation, &delivery));
    warnings.extend(seconds::warning(run, &delivery.seconds));
    let cost = cost::costs(run, observation);
    Measurement {
        series: series::series(observation, &delivery),
        figures: figures::figures(&delivery, &cost),
        cost,
        warnings,
        missing: observation.missing.clone(),
        failed_checks,
        detail: Detail::Pipeline(Box::new(delivery)),
    }
}

impl Report for Delivery {
    fn render(&self, _: &str, costs: &[Cost], _: RankBy) -> String {
        table::render(self, costs)
    }

    fn options(&self, _: &str) -> Value {
        let mut options = serde_json::json!(self.offered);
        if self.offered.profile.is_some() {
            options["profile"] = profile::rates(&self.offered).into();
        }
        options
    }

    fn used(&self, _: &str, costs: &[Cost]) -> Vec<Cost> {
        estimate::used(self, costs)
    }

    fn command_options(&self, _: &Map<String, Value>) -> String {
        verdict::options(&self.offered)
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

    fn pictures(&self, part: &Part<'_>) -> Vec<Picture> {
        pictures::pictures(self, part)
    }

    fn is_offered(&self) -> bool {
        true
    }
}
