//! The result of a load: its figures, samples, costs, and what to know about them.

pub mod aggregate;
mod by_second;
mod cost;
mod failed_checks;
mod figures;
mod headline;
mod metrics;
mod pictures;
mod seconds;
mod series;
mod table;
#[cfg(test)]
mod tests;
mod verdict;
mod warnings;

use results::cost::Cost;
use results::file::RunResult;
use results::scenario::Detail;
use results::scenario::pipeline::Delivery;
use serde_json::{Map, Value};

pub use cost::Quantities;

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
use crate::scenario::shared::verdict::{Commands, Verdict};

/// What a run has measured.
pub fn measurement(run: &Run, observation: &Observation) -> Measurement {
    let delivery = aggregate::delivery(run, observation);
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
        failed_checks: failed_checks::failed_checks(&delivery, &observation.arrived.tally),
        detail: Detail::Pipeline(Box::new(delivery)),
    }
}

impl Report for Delivery {
    fn render(&self, _: &str, costs: &[Cost], _: RankBy) -> String {
        table::render(self, costs)
    }

    fn options(&self, _: &str) -> Value {
        serde_json::json!(self.offered)
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
