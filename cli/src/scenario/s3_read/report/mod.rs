//! The result of reading a bucket: its figures, samples, costs, warnings and failed checks.

mod aggregate;
mod cost;
mod failed_checks;
mod headline;
mod metrics;
mod pictures;
mod series;
mod table;
mod verdict;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use results::cost::Cost;
use results::file::RunResult;
use results::memory_sweep::Figure;
use results::scenario::Detail;
use results::scenario::s3_read::{ReadRun, Reading};
use serde_json::{Map, Value};

pub use aggregate::Aggregate;
pub use cost::{GB, Quantities, THOUSAND_OBJECTS, items_of_run, lists, load_item};
pub use failed_checks::Contents;

use super::Run;
use super::estimate;
use super::execute::Observations;
use super::options::Options;
use crate::html::picture::Picture;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::report::Report;
use crate::scenario::shared::headline::Headline;
use crate::scenario::shared::metric::Metric;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::verdict::joined;
use crate::scenario::shared::verdict::{Commands, Verdict};

/// What was observed, as a result; `contents` are those of the objects in runs before and, then, in this one.
pub fn measurement(
    run: &Run,
    options: &Options,
    Observations { runs, missing }: Observations,
    contents: &mut Contents,
) -> Measurement {
    let all: Vec<_> = runs.into_iter().map(Aggregate::of).collect();
    let found_out = all.iter().flat_map(|one| one.observation.warnings.clone());
    let cost: Vec<_> = all.iter().flat_map(|one| cost::costs(run, one)).collect();
    Measurement {
        series: all.iter().flat_map(series::series).collect(),
        figures: all.iter().map(|one| figure(&one.run, &cost)).collect(),
        cost,
        warnings: found_out.chain(warnings::warnings(run, &all)).collect(),
        missing,
        failed_checks: failed_checks::failed_checks(&all, contents),
        detail: Detail::S3Read(Reading {
            request: options.request(&run.deployed),
            runs: all.into_iter().map(|one| one.run).collect(),
        }),
    }
}

/// What memory sizes are compared by: nothing where not all objects were read.
fn figure(run: &ReadRun, costs: &[Cost]) -> Figure {
    let is_read = is_read(run);
    Figure {
        name: run.variant.to_string(),
        speed: run.mb_per_second_per_function.filter(|_| is_read),
        usd: cost::of_run(costs, run, GB).filter(|_| is_read),
    }
}

/// Whether every object was read.
fn is_read(run: &ReadRun) -> bool {
    let unsent = run.listing.division.map_or(0, |division| division.senders.unsent);
    run.objects.dead_lettered + run.objects.lost + run.objects.interrupted + unsent == 0
}

/// What was run, by the names of settings.
fn settings(Reading { runs, .. }: &Reading) -> BTreeMap<&'static str, String> {
    let memory: BTreeSet<_> = runs.iter().map(|run| run.memory_mb).collect();
    [("memory", joined(memory))].into()
}

/// What people read: such as `sdk, 512 MB`.
fn title(run: &ReadRun) -> String {
    format!("{}, {} MB", run.variant, run.memory_mb)
}

impl Report for Reading {
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

#[cfg(test)]
mod tests {
    use protocol::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::{aggregate, observation, run};

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

    #[test]
    fn a_run_that_was_stopped_is_incomplete_and_compared_with_none() {
        let mut stopped = observation(Variant::Signed, 512);
        stopped.listing.sent = 10;
        stopped.handled.is_stopped = true;
        let missing = vec!["signed: 6 of 10 objects".to_owned(), "sdk".to_owned()];
        let options = crate::scenario::shared::testing::parsed("").unwrap();
        let observations = Observations { runs: vec![stopped], missing: missing.clone() };
        let measurement = measurement(&run(), &options, observations, &mut Contents::new());
        assert_eq!((measurement.missing, measurement.failed_checks), (missing, vec![]));
        assert_eq!((measurement.figures[0].speed, measurement.figures[0].usd), (None, None));
        let Detail::S3Read(reading) = measurement.detail else { panic!("a reading") };
        assert!(table::render(&reading, &[]).contains("= 4 read + 0 dead-lettered + 0 lost + 6 interrupted"));
    }
}
