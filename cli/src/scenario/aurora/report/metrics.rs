//! A load's figures by their names, besides the latencies and TPS that every entry of `summary` has.

use protocol::stats::real;
use results::scenario::aurora::{Load, QueueRun, RampRun, Runs};

use crate::scenario::shared::metric::{Merit, Metric, Unit};

/// What only a load test has.
pub fn metrics(load: &Load) -> Vec<Metric> {
    match &load.runs {
        Runs::Ramp(runs) => runs.iter().map(of_ramp).collect(),
        Runs::Queue(runs) => runs.iter().flat_map(of_queue).collect(),
    }
}

/// Whether units were due at a rate of their own.
pub fn is_offered(load: &Load) -> bool {
    match &load.runs {
        Runs::Ramp(runs) => runs.iter().flat_map(|run| &run.stages).any(|stage| stage.offered_tps.is_some()),
        Runs::Queue(_) => false,
    }
}

fn of_ramp(run: &RampRun) -> Metric {
    let knee = run.knee.map(|knee| real(knee.clients));
    Metric::new(
        format!("{} {}", run.driver, run.action),
        "clients at the knee",
        Unit::None,
        Merit::None,
        knee,
    )
}

fn of_queue(run: &QueueRun) -> Vec<Metric> {
    let of = run.driver.to_string();
    let missing = run.sent.saturating_sub(run.done + run.dead_lettered);
    let messages = |name, value| Metric::new(of.clone(), name, Unit::None, Merit::Failures, real(value));
    vec![messages("dead-lettered", run.dead_lettered), messages("missing", missing)]
}
