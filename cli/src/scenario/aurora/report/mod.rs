//! The result of a load: its figures, samples, costs, warnings and failed checks.

mod aggregate;
mod cost;
mod error_hints;
mod failed_checks;
mod figures;
mod pictures;
mod series;
mod table;
mod warnings;

use results::scenario::Detail;

use super::Run;
use super::execute::Observation;
use super::options::Options;
use crate::scenario::shared::run::Measurement;
pub use pictures::pictures;
pub use table::render;

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
        failed_checks: failed_checks::failed_checks(observation, &load),
        detail: Detail::Aurora(load),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::result_file;

    #[test]
    fn a_result_of_schema_version_1_is_shown_with_all_its_figures() {
        let result = result_file::read(Path::new("tests/v1/aurora.json")).unwrap();
        insta::assert_snapshot!(crate::show::render(&result));
    }
}
