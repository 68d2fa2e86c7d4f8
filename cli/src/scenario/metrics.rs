//! All figures of a result by their names: what every scenario has, and what only this one has.

use protocol::stats::real;
use protocol::summary::Summary;
use results::cost::Cost;
use results::file::RunResult;
use results::scenario::Detail;

use super::archive;
use super::report::{is_offered, own_metrics};
use super::shared::memory_sweep::prefixed;
use super::shared::metric::{Merit, Metric, RUN, Unit};
use crate::significance::Sample;

/// The figures of a result, in the order in which people look for them.
pub fn metrics(result: &RunResult) -> Vec<Metric> {
    let checks = real(result.failed_checks.len() as u64);
    let mut all = vec![
        Metric::new(RUN, "failed checks", Unit::None, Merit::Failures, checks),
        Metric::new(RUN, "warnings", Unit::None, Merit::None, real(result.warnings.len() as u64)),
    ];
    all.extend(own_metrics(result));
    let is_offered = is_offered(&result.detail);
    for summary in &result.summary {
        let (memory_mb, of) = split(result, &summary.name);
        let metrics = of_series(result, summary, of, is_offered);
        all.extend(metrics.into_iter().map(|metric| Metric { memory_mb, ..metric }));
    }
    all.extend(result.cost.iter().map(|cost| of_cost(result, cost)));
    all
}

/// The memory size in a name of a sweep, and the name without it.
fn split<'a>(result: &RunResult, name: &'a str) -> (Option<u64>, &'a str) {
    let Detail::MemorySweep(sweep) = &result.detail else { return (None, name) };
    let sizes = sweep.points.iter().map(|point| point.memory_mb);
    let mut found =
        sizes.filter_map(|memory_mb| Some((memory_mb, name.strip_prefix(&prefixed(memory_mb, ""))?)));
    found.next().map_or((None, name), |(memory_mb, of)| (Some(memory_mb), of))
}

fn of_series(result: &RunResult, summary: &Summary, of: &str, is_offered: bool) -> Vec<Metric> {
    let runs = Sample::of_runs(result, summary);
    let unit = if summary.unit == "s" { Unit::Seconds } else { Unit::Ms };
    let time = |name, value| {
        let metric = Metric::new(of, name, unit, Merit::Time, value);
        if runs.count > 1 { metric.of_several() } else { metric }
    };
    let number = |name, merit, value| Metric::new(of, name, Unit::None, merit, real(value));
    let merit = if is_offered { Merit::None } else { Merit::Rate };
    let rate = |rate| Metric::new(of, "throughput", Unit::PerSecond, merit, rate);
    let mut metrics = vec![
        number("values", Merit::None, summary.count),
        number("failures", Merit::Failures, summary.failures),
        Metric::new(of, "mean", unit, Merit::Time, summary.mean).over(runs),
        time("min", summary.min),
        time("p50", summary.p50),
        time("p90", summary.p90),
        time("p99", summary.p99),
        time("p99.9", summary.p99_9),
        time("max", summary.max),
    ];
    metrics.extend(summary.throughput.map(rate));
    metrics
}

fn of_cost(result: &RunResult, cost: &Cost) -> Metric {
    let (memory_mb, of) = split(result, &cost.item);
    let parts = cost.lines.iter().map(|line| line.price.unit.clone()).collect();
    let price = Metric { memory_mb, parts, ..Metric::new(of, "price", Unit::Usd, Merit::Price, cost.usd) };
    match archive::report::price_over_runs(result, cost) {
        Some(runs) => price.over(runs),
        None => price,
    }
}
