//! The result of reading a bucket: its figures, samples, costs, warnings and failed checks.

mod aggregate;
mod cost;
mod failed_checks;
mod series;
mod table;
mod warnings;

use results::scenario::Detail;
use results::scenario::s3_read::{ReadRun, Reading};

use super::Run;
use super::execute::Observation;
use super::options::Options;
use crate::scenario::shared::run::Measurement;
pub use aggregate::Aggregate;
pub use table::render;

/// What was observed, as a result.
pub fn measurement(run: &Run, options: &Options, observations: Vec<Observation>) -> Measurement {
    let is_sweep = !options.memory_sizes().is_empty();
    let all: Vec<_> = observations.into_iter().map(Aggregate::of).collect();
    let found_out = all.iter().flat_map(|one| one.observation.warnings.clone());
    Measurement {
        series: all.iter().flat_map(|one| series::series(one, &name(&one.run, is_sweep))).collect(),
        cost: all.iter().flat_map(|one| cost::costs(run, one, &name(&one.run, is_sweep))).collect(),
        warnings: found_out.chain(warnings::warnings(run, &all)).collect(),
        failed_checks: failed_checks::failed_checks(&all),
        detail: Detail::S3Read(Reading {
            request: options.request(&run.deployed),
            runs: all.into_iter().map(|one| one.run).collect(),
        }),
    }
}

/// What samples and costs are named after: such as `sdk`, or in a sweep `sdk 512 MB`.
fn name(run: &ReadRun, is_sweep: bool) -> String {
    if is_sweep { format!("{} {} MB", run.variant, run.memory_mb) } else { run.variant.to_string() }
}

/// What people read: such as `sdk, 512 MB`.
fn title(run: &ReadRun) -> String {
    format!("{}, {} MB", run.variant, run.memory_mb)
}
