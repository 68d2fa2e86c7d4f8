//! A run's figures by their names, besides the times that every entry of `summary` has.

use protocol::splitter::Reply;
use protocol::stats::real;
use results::scenario::splitter::{SplitRun, Splitting};

use crate::scenario::shared::metric::{Merit, Metric, Unit};

/// What only splitting has, for each concurrency.
pub fn metrics(splitting: &Splitting) -> Vec<Metric> {
    splitting.runs.iter().flat_map(of_run).collect()
}

fn of_run(run: &SplitRun) -> Vec<Metric> {
    let of = format!("concurrency {}", run.concurrency);
    let seconds = |name, value: Option<f64>| Metric::new(of.clone(), name, Unit::Seconds, Merit::Time, value);
    let gain = |name, value: Option<f64>| Metric::new(of.clone(), name, Unit::None, Merit::Gain, value);
    let number = |name, merit, value: Option<f64>| Metric::new(of.clone(), name, Unit::None, merit, value);
    let repeats = run.invocations.map(|one| real(one.split_repeats + one.item_repeats + one.others));
    vec![
        seconds("elapsed", run.elapsed_seconds),
        gain("speed-up", run.speed_up),
        gain("efficiency", run.efficiency),
        seconds("split in", run.split_seconds),
        number("peak concurrency", Merit::None, Some(real(run.peak_concurrency))),
        number("events rejected", Merit::Failures, Some(is_rejected(run))),
        number("dead-lettered", Merit::Failures, Some(real(run.items.dead_lettered))),
        number("lost", Merit::Failures, Some(real(run.items.lost))),
        number("repeats", Merit::None, repeats),
    ]
}

/// 1 for an event that the function cannot handle.
fn is_rejected(run: &SplitRun) -> f64 {
    real(run.reply.as_ref().is_some_and(Reply::is_rejected).into())
}
