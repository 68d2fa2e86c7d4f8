use super::*;
use crate::scenario::pipeline::testing::delivery;

#[test]
fn a_run_shows_where_the_time_goes_and_what_became_of_each_message() {
    insta::assert_snapshot!(render(&delivery()));
}

#[test]
fn trouble_is_shown_where_it_belongs() {
    let mut delivery = delivery();
    delivery.offered.ramp_seconds = 0.0;
    delivery.requests.unknown = BTreeMap::from([("timeout".to_owned(), 2)]);
    delivery.requests.unsent = 5;
    delivery.requests.cold_latency_ms = delivery.requests.latency_ms;
    delivery.messages.lost = 1;
    delivery.messages.stored -= 2;
    delivery.messages.dead_lettered_stored = 1;
    delivery.messages.unaccepted_stored = 1;
    delivery.messages.reasons = (1..=7).map(|count| (format!("reason {count}"), count)).collect();
    delivery.hops.remove(&Hop::Api);
    delivery.price.aurora_usd = Some(20.5);
    delivery.price.per_million_with_aurora_usd = Some(23.456);
    delivery.functions.clear();
    insta::assert_snapshot!(render(&delivery));
}

#[test]
fn a_run_without_a_price_says_so() {
    let mut delivery = delivery();
    delivery.price = DeliveryPrice::default();
    assert!(render(&delivery).contains("no price: "));
}
