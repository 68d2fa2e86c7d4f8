//! What was measured of each item.

use protocol::stats::real;
use results::scenario::splitter::SplitRun;

use super::aggregate::{durations, queueing};
use crate::scenario::shared::series::{Series, Values};
use crate::scenario::splitter::execute::SplitObservation;

/// The queueing and the time of a split's items.
pub fn series(split: &SplitObservation, figures: &SplitRun) -> Vec<Series> {
    let log = &split.handled.log;
    let failures = figures.items.dead_lettered + figures.items.lost + figures.items.unsent;
    let throughput = figures.elapsed_seconds.map(|seconds| real(figures.items.done) / seconds);
    let measured = [("queueing", queueing(log), None), ("item", durations(log), throughput)];
    let measured = measured.into_iter().filter(|(_, histogram, _)| histogram.count() > 0);
    let series = measured.map(|(name, histogram, per_second)| Series {
        name: format!("concurrency {}: {name}", figures.concurrency),
        values: Values::Histogram(histogram),
        failures,
        per_second,
    });
    series.collect()
}
