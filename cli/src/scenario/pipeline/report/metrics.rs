//! A run's figures by their names, besides the latencies that every entry of `summary` has.

use protocol::stats::real;
use results::scenario::pipeline::Delivery;

use crate::scenario::shared::metric::{Merit, Metric, Unit};

/// What only the pipeline has.
pub fn metrics(delivery: &Delivery) -> Vec<Metric> {
    let Delivery { offered, requests, messages, .. } = delivery;
    let requests_are = |name, value| Metric::new("requests", name, Unit::None, Merit::Failures, real(value));
    let messages_are = |name, value| Metric::new("messages", name, Unit::None, Merit::Failures, real(value));
    let of_rate = |rate: f64| 100.0 * rate / offered.per_second();
    vec![
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
    ]
}
