//! The latencies of requests and hops.

use protocol::pipeline::Hop;
use results::scenario::pipeline::Delivery;

use super::stages;
use crate::scenario::pipeline::execute::Observation;
use crate::scenario::shared::series::{Series, Values};

/// Those that have been measured, of the whole load and of each of its parts.
pub fn series(observation: &Observation, delivery: &Delivery) -> Vec<Series> {
    let requests = &delivery.requests;
    let failures = requests.sent - requests.accepted;
    let http = Series {
        name: "http".to_owned(),
        values: Values::Histogram(observation.load.requests.warm.clone()),
        failures,
        per_second: Some(requests.accepted_per_second),
    };
    let cold = Series {
        name: "http, cold starts".to_owned(),
        values: Values::Histogram(observation.load.requests.cold.clone()),
        failures: 0,
        per_second: None,
    };
    let hops = observation.arrived.tally.hops.iter().map(|(hop, histogram)| Series {
        name: hop.to_string(),
        values: Values::Histogram(histogram.clone()),
        failures: if *hop == Hop::EndToEnd {
            delivery.messages.dead_lettered + delivery.messages.lost
        } else {
            0
        },
        per_second: (*hop == Hop::EndToEnd).then_some(delivery.messages.per_second),
    });
    let parts = stages::parts(observation, delivery.offered.profile.as_ref());
    let all = [http, cold].into_iter().chain(hops).chain(stages::series(parts));
    all.filter(Series::has_values).collect()
}
