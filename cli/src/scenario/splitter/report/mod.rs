//! The result of the splits: their figures, samples, costs, warnings and failed checks.

mod aggregate;
mod cost;
mod failed_checks;
mod series;
mod table;
#[cfg(test)]
mod tests;
mod warnings;

use results::scenario::Detail;

use super::Run;
use super::execute::Observation;
use crate::scenario::shared::run::Measurement;
pub use table::render;

/// What was observed, as a result.
pub fn measurement(run: &Run, observation: &Observation) -> Measurement {
    let splitting = aggregate::splitting(run, observation);
    let splits = || observation.splits.iter().zip(&splitting.runs);
    let mut warnings = observation.warnings.clone();
    warnings.extend(warnings::warnings(run, observation, &splitting));
    Measurement {
        series: splits().flat_map(|(split, figures)| series::series(split, figures)).collect(),
        cost: cost::costs(run, observation, &splitting),
        warnings,
        failed_checks: splits()
            .flat_map(|(split, figures)| failed_checks::failed_checks(split, figures))
            .collect(),
        detail: Detail::Splitter(splitting),
    }
}
