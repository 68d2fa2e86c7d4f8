//! A run's figures by their names, besides the latencies that every entry of `summary` has.

use protocol::stats::real;
use results::scenario::s3_read::{ReadRun, Reading};

use crate::scenario::shared::metric::{Merit, Metric, Unit};

/// What only reading has, for each variant.
pub fn metrics(reading: &Reading) -> Vec<Metric> {
    reading.runs.iter().flat_map(of_run).collect()
}

fn of_run(run: &ReadRun) -> Vec<Metric> {
    let of = run.variant.to_string();
    let mb_per_second = |name, value| Metric::new(of.clone(), name, Unit::MbPerSecond, Merit::Rate, value);
    let objects = |name, value| Metric::new(of.clone(), name, Unit::None, Merit::Failures, real(value));
    vec![
        Metric::new(of.clone(), "elapsed", Unit::Seconds, Merit::Time, run.seconds),
        mb_per_second("throughput", run.mb_per_second),
        mb_per_second("throughput per function", run.mb_per_second_per_function),
        objects("dead-lettered", run.objects.dead_lettered),
        objects("lost", run.objects.lost),
    ]
}
