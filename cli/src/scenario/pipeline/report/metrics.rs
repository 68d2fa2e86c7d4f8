//! A run's figures by their names, besides the latencies that every entry of `summary` has.

use protocol::stats::real;
use results::scenario::pipeline::{Delivery, KneeKind, Profile, Stage};

use crate::scenario::shared::metric::{Merit, Metric, Unit};

/// What only the pipeline has.
pub fn metrics(delivery: &Delivery) -> Vec<Metric> {
    let Delivery { requests, messages, .. } = delivery;
    let requests_are = |name, value| Metric::new("requests", name, Unit::None, Merit::Failures, real(value));
    let messages_are = |name, value| Metric::new("messages", name, Unit::None, Merit::Failures, real(value));
    let of_rate = |rate: f64| 100.0 * rate / delivery.offered_per_second();
    let mut metrics = vec![
        // Of what was offered: a rate itself is what was asked for.
        Metric::new(
            "requests",
            "kept up with",
            Unit::Percent,
            Merit::Gain,
            of_rate(requests.accepted_per_second),
        ),
        requests_are("refused", requests.refused.values().sum()),
        requests_are("unknown", requests.unknown.values().sum()),
        requests_are("unsent", requests.unsent),
        requests_are("throttled", requests.throttled),
        Metric::new("messages", "kept up with", Unit::Percent, Merit::Gain, of_rate(messages.per_second)),
        messages_are("dead-lettered", messages.dead_lettered),
        messages_are("lost", messages.lost),
        Metric::new("messages", "duplicates", Unit::None, Merit::None, real(messages.duplicates)),
        Metric::new("messages", "drained in", Unit::Seconds, Merit::Time, messages.drain_seconds),
    ];
    metrics.extend(
        delivery
            .search
            .as_ref()
            .map(|search| Metric::new("limit", "rate", Unit::PerSecond, Merit::Gain, search.held.map(real))),
    );
    if let Some(Profile::Steps { .. }) = delivery.offered.profile {
        let knee = delivery.knee.filter(|knee| knee.kind != KneeKind::Generator).map(|knee| real(knee.rate));
        metrics.push(Metric::new("knee", "rate", Unit::PerSecond, Merit::None, knee));
    }
    metrics.extend(delivery.spike.iter().flat_map(|spike| {
        let back = |name, seconds| Metric::new("spike", name, Unit::Seconds, Merit::Time, seconds);
        [
            back("http back in", spike.http_back_seconds),
            back("end-to-end back in", spike.end_to_end_back_seconds),
        ]
    }));
    metrics.extend(delivery.stages.iter().flat_map(of_stage));
    metrics
}

/// What a part of a load has besides its latencies.
fn of_stage(stage: &Stage) -> [Metric; 4] {
    let metric =
        |name, unit, merit, value: Option<f64>| Metric::new(stage.name.clone(), name, unit, merit, value);
    let kept = |rate: f64| Some(100.0 * rate / stage.offered_per_second());
    [
        metric("requests kept up with", Unit::Percent, Merit::Gain, kept(stage.accepted_per_second)),
        metric("messages kept up with", Unit::Percent, Merit::Gain, kept(stage.stored_per_second)),
        metric("errors", Unit::None, Merit::Failures, Some(real(stage.errors()))),
        metric("drained in", Unit::Seconds, Merit::Time, stage.drain_seconds),
    ]
}

#[cfg(test)]
mod tests {
    use results::scenario::pipeline::{Knee, Search, SearchEnd};

    use super::*;
    use crate::scenario::pipeline::report::aggregate;
    use crate::scenario::pipeline::testing::{observation_of_steps, run};

    fn figure(delivery: &Delivery, path: &str) -> Option<f64> {
        let found = metrics(delivery).into_iter().find(|metric| metric.path("pipeline") == path);
        found.unwrap_or_else(|| panic!("no {path}")).value
    }

    #[test]
    fn each_step_and_what_was_found_has_a_name_for_gates() {
        let mut delivery = aggregate::delivery(&run(), &observation_of_steps());
        assert_eq!(figure(&delivery, "pipeline.rate-400.errors"), Some(400.0));
        assert_eq!(figure(&delivery, "pipeline.rate-100.drained-in"), Some(0.0));
        let kept = figure(&delivery, "pipeline.rate-400.messages-kept-up-with").unwrap();
        assert!((kept - 45.0).abs() < 1e-9, "{kept}");
        assert_eq!(figure(&delivery, "pipeline.knee.rate"), Some(400.0));
        delivery.knee = delivery.knee.map(|knee| Knee { kind: KneeKind::Generator, ..knee });
        assert_eq!(figure(&delivery, "pipeline.knee.rate"), None, "nobody knows");
        for held in [None, Some(250)] {
            delivery.search = Some(Search { held, end: SearchEnd::Found, trials: vec![] });
            assert_eq!(figure(&delivery, "pipeline.limit.rate"), held.map(real));
        }
    }
}
