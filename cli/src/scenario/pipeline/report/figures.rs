//! What memory sizes are compared by.

use protocol::histogram::Latency;
use protocol::pipeline::Hop;
use protocol::stats::real;
use results::cost::Cost;
use results::memory_sweep::Figure;
use results::scenario::pipeline::{COST, Delivery};

use crate::scenario::shared::cost::usd_of;

/// A size with which less of what was due has arrived is no choice, however fast the rest was.
const ARRIVES: f64 = 0.99;

/// The way of a message from its request to its row, median and 99th percentile, and what a million of them cost.
pub fn figures(delivery: &Delivery, costs: &[Cost]) -> Vec<Figure> {
    let has_arrived = has_arrived(delivery);
    let latency = delivery.hops.get(&Hop::EndToEnd).filter(|_| has_arrived);
    let usd = usd_of(costs, COST).filter(|_| has_arrived);
    let figure = |name: &str, percentile: fn(&Latency) -> f64| Figure {
        name: name.to_owned(),
        speed: latency.map(percentile),
        usd,
    };
    vec![figure("p50", |latency| latency.p50), figure("p99", |latency| latency.p99)]
}

/// Whether nearly all of what was due has arrived.
pub fn has_arrived(Delivery { requests, messages, .. }: &Delivery) -> bool {
    real(messages.stored) >= ARRIVES * real(requests.sent + requests.unsent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::pipeline::testing::delivery;

    fn of(delivery: &Delivery) -> Vec<(String, Option<f64>, Option<f64>)> {
        let cost = |item: &str, usd| Cost { item: item.to_owned(), usd: Some(usd), lines: vec![] };
        let costs = [cost(COST, 2.5), cost("another", 1.0)];
        figures(delivery, &costs).into_iter().map(|one| (one.name, one.speed, one.usd)).collect()
    }

    #[test]
    fn the_whole_way_counts_by_its_median_and_its_slowest_hundredth() {
        let delivery = delivery();
        let latency = delivery.hops[&Hop::EndToEnd];
        let expected = [("p50", latency.p50), ("p99", latency.p99)];
        assert_eq!(of(&delivery), expected.map(|(name, ms)| (name.to_owned(), Some(ms), Some(2.5))));
    }

    #[test]
    fn a_load_of_which_too_little_arrived_has_no_figures() {
        let mut delivery = delivery();
        delivery.messages.stored = 12_870; // of 13,000
        assert!(of(&delivery)[0].1.is_some());
        delivery.requests.unsent = 1;
        assert!(of(&delivery).iter().all(|(_, speed, usd)| speed.is_none() && usd.is_none()));
    }
}
