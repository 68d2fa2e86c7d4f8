//! The result of reading a bucket: its figures, samples, costs, warnings and failed checks.

mod aggregate;
mod cost;
mod failed_checks;
mod pictures;
mod series;
mod table;
mod warnings;

use results::cost::Cost;
use results::memory_sweep::Figure;
use results::scenario::Detail;
use results::scenario::s3_read::{ReadRun, Reading};

use super::Run;
use super::execute::Observation;
use super::options::Options;
use crate::scenario::shared::run::Measurement;
pub use aggregate::Aggregate;
pub use cost::GB;
pub use failed_checks::Contents;
pub use pictures::pictures;
pub use table::render;

/// What was observed, as a result; `contents` are those of the objects in runs before and, then, in this one.
pub fn measurement(
    run: &Run,
    options: &Options,
    observations: Vec<Observation>,
    contents: &mut Contents,
) -> Measurement {
    let all: Vec<_> = observations.into_iter().map(Aggregate::of).collect();
    let found_out = all.iter().flat_map(|one| one.observation.warnings.clone());
    let cost: Vec<_> = all.iter().flat_map(|one| cost::costs(run, one)).collect();
    Measurement {
        series: all.iter().flat_map(series::series).collect(),
        figures: all.iter().map(|one| figure(&one.run, &cost)).collect(),
        cost,
        warnings: found_out.chain(warnings::warnings(run, &all)).collect(),
        failed_checks: failed_checks::failed_checks(&all, contents),
        detail: Detail::S3Read(Reading {
            request: options.request(&run.deployed),
            runs: all.into_iter().map(|one| one.run).collect(),
        }),
    }
}

/// What memory sizes are compared by: nothing where not all objects were read.
fn figure(run: &ReadRun, costs: &[Cost]) -> Figure {
    let is_read = run.objects.dead_lettered + run.objects.lost == 0;
    Figure {
        name: run.variant.to_string(),
        speed: run.mb_per_second_per_function.filter(|_| is_read),
        usd: cost::of_run(costs, run, GB).filter(|_| is_read),
    }
}

/// What people read: such as `sdk, 512 MB`.
fn title(run: &ReadRun) -> String {
    format!("{}, {} MB", run.variant, run.memory_mb)
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::{aggregate, run};

    #[test]
    fn memory_sizes_are_compared_by_a_functions_rate_and_price_if_all_objects_were_read() {
        let one = aggregate(Variant::Sdk, 512);
        let costs = cost::costs(&run(), &one);
        let all_read = figure(&one.run, &costs);
        assert_eq!((all_read.name.as_str(), all_read.speed), ("sdk", one.run.mb_per_second_per_function));
        assert_eq!(all_read.usd, cost::of_run(&costs, &one.run, GB));
        assert!(all_read.speed.is_some() && all_read.usd.is_some());
        let mut failed = one.run;
        failed.objects.dead_lettered = 1;
        assert_eq!(figure(&failed, &costs), Figure { name: "sdk".to_owned(), speed: None, usd: None });
    }
}
