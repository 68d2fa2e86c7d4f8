//! The result of a load: its figures, samples, costs, and what to know about them.

pub mod aggregate;
mod cost;
mod failed_checks;
mod figures;
mod headline;
mod metrics;
mod pictures;
mod series;
mod table;
#[cfg(test)]
mod tests;
pub mod verdict;
mod warnings;

use results::scenario::Detail;

use super::Run;
use super::execute::Observation;
use crate::scenario::shared::run::Measurement;
pub use headline::headline;
pub use metrics::metrics;
pub use pictures::pictures;
pub use table::render;

/// What a run has measured.
pub fn measurement(run: &Run, observation: &Observation) -> Measurement {
    let delivery = aggregate::delivery(run, observation);
    let mut warnings = observation.warnings.clone();
    warnings.extend(warnings::warnings(run, observation, &delivery));
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
