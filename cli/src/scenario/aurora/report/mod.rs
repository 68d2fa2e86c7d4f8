//! The result of a load: its figures, samples, costs, warnings and failed checks.

mod aggregate;
mod cost;
mod error_hints;
mod failed_checks;
mod figures;
mod headline;
mod metrics;
mod pictures;
mod series;
mod table;
mod verdict;
mod warnings;

use results::cost::Cost;
use results::file::RunResult;
use results::scenario::Detail;
use results::scenario::aurora::Load;
use serde_json::{Map, Value};

pub use cost::{Quantities, data_api_requests};

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
use crate::scenario::shared::verdict::{Commands, Verdict};

/// What was observed, as a result.
pub fn measurement(run: &Run, options: &Options, observation: &Observation) -> Measurement {
    let load = aggregate::load(options, observation);
    let mut warnings = observation.warnings.clone();
    warnings.extend(warnings::warnings(run, observation, &load));
    let cost = cost::costs(run, options, observation);
    Measurement {
        series: series::series(options, observation),
        figures: figures::figures(&load, &cost),
        cost,
        warnings,
        missing: observation.missing.clone(),
        failed_checks: failed_checks::failed_checks(observation, &load),
        detail: Detail::Aurora(load),
    }
}

impl Report for Load {
    fn render(&self, _: &str, costs: &[Cost], _: RankBy) -> String {
        table::render(self, costs)
    }

    fn options(&self, _: &str) -> Value {
        super::options::of_result(self)
    }

    fn used(&self, _: &str, costs: &[Cost]) -> Vec<Cost> {
        estimate::used(self, costs)
    }

    fn command_options(&self, _: &Map<String, Value>) -> String {
        verdict::options(self)
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
        metrics::is_offered(self)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use protocol::aurora::Action;
    use results::scenario::aurora::{Load, Runs};

    use super::*;
    use crate::result_file;
    use crate::scenario::aurora::execute;
    use crate::scenario::aurora::testing::{execution, run};
    use crate::scenario::shared::testing::parsed;

    #[test]
    fn a_ramp_that_was_stopped_has_its_stages_that_ended_and_no_price() {
        let mut stopped = execution(Action::Insert, &[(1, 1000), (2, 2000)]);
        stopped.is_stopped = true;
        let missing = vec!["sqlx INSERT: 2 stages from 4 to 8 clients".to_owned()];
        let runs = execute::Runs::Ramp(vec![stopped]);
        let observation = Observation { runs, warnings: vec![], missing: missing.clone() };
        let options = parsed("--driver sqlx --action INSERT --seconds 10").unwrap();
        let measurement = measurement(&run(), &options, &observation);
        assert_eq!((measurement.missing, measurement.failed_checks), (missing, vec![]));
        assert!(measurement.cost.iter().all(|cost| cost.usd.is_none()), "{:?}", measurement.cost);
        let Detail::Aurora(Load { runs: Runs::Ramp(runs) }) = measurement.detail else { panic!("a ramp") };
        assert_eq!(runs[0].stages.len(), 2);
    }

    #[test]
    fn a_result_of_schema_version_1_is_shown_with_all_its_figures() {
        let result = result_file::read(Path::new("tests/v1/aurora.json")).unwrap();
        insta::assert_snapshot!(crate::show::render(&result));
    }
}
