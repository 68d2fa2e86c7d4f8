use std::collections::BTreeMap;

use protocol::aurora::{Action, Driver};
use results::cost::Usage;
use results::price_list::US_EAST_1;
use results::prices::LAMBDA_ARM64;
use results::scenario::aurora::knee::Knee;
use results::scenario::aurora::{COST, COST_WITH_AURORA};

use super::*;
use crate::scenario::aurora::testing::{queue_run, ramp_run};

fn load(runs: Runs) -> Load {
    Load { runs }
}

/// A cost that is nothing but compute.
fn cost(label: &str, item: &str, usd: Option<f64>) -> Cost {
    let mut usage = Usage::default();
    usage.add("compute", usd.map(|usd| usd / LAMBDA_ARM64.usd), US_EAST_1.quote(LAMBDA_ARM64));
    usage.cost(format!("{label}: {item}"), 1.0)
}

#[test]
fn drivers_stand_side_by_side_and_the_knee_below() {
    let sqlx = ramp_run(Action::Insert, &[(1, 2000), (3, 5900), (5, 6000), (7, 6010)]);
    let mut data_api = ramp_run(Action::Insert, &[(1, 500), (3, 1400), (5, 2300)]);
    data_api.driver = Driver::DataApi;
    let last = &mut data_api.stages[2].aggregate;
    last.errors = BTreeMap::from([("40001".to_owned(), 3), ("throttled".to_owned(), 12)]);
    last.lost = 1;
    last.connections = None;
    let costs = [cost("sqlx INSERT", COST, Some(0.5)), cost("data-api INSERT", COST, None)];
    insta::assert_snapshot!(render(&load(Runs::Ramp(vec![sqlx, data_api])), &costs));
}

#[test]
fn an_offered_load_is_shown_with_where_it_is_kept_up_with() {
    let mut run = ramp_run(Action::Select, &[(1, 1000), (2, 1900), (4, 5000), (8, 5000)]);
    run.host = Endpoint::Reader;
    run.stages.iter_mut().for_each(|stage| stage.offered_tps = Some(500.0));
    run.knee = Knee::of(&run.stages);
    let costs = [cost("sqlx SELECT", COST, Some(0.5)), cost("sqlx SELECT", COST_WITH_AURORA, Some(12.345))];
    insta::assert_snapshot!(render(&load(Runs::Ramp(vec![run])), &costs));
}

#[test]
fn one_stage_alone_says_how_to_find_the_knee() {
    let run = ramp_run(Action::Tpcb, &[(4, 1000)]);
    let text = render(&load(Runs::Ramp(vec![run])), &[]);
    assert!(text.contains("one stage shows no knee: raise --to"), "{text}");
}

#[test]
fn a_queue_shows_what_became_of_its_messages() {
    let mut data_api = queue_run(100, 100, 0);
    data_api.driver = Driver::DataApi;
    let costs = [cost("sqlx", COST, None), cost("data-api", COST, Some(3.21))];
    insta::assert_snapshot!(render(&load(Runs::Queue(vec![queue_run(100, 98, 2), data_api])), &costs));
}

#[test]
fn counts_that_do_not_add_up_are_called_an_error() {
    let mut run = queue_run(100, 95, 2);
    run.ledger.rows = Some(4999);
    let text = render(&load(Runs::Queue(vec![run])), &[]);
    for expected in [
        "100 messages of 100 statements sent ≠ 95 done + 2 dead-lettered",
        "5000 completed writes ≠ 4999 rows",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn dead_letters_are_told_with_their_most_frequent_reasons() {
    let mut run = queue_run(100, 70, 28);
    run.dead_lettered_done = 3;
    run.reasons = (1..=7).map(|count| (format!("reason {count}"), count)).collect();
    let text = render(&load(Runs::Queue(vec![run])), &[]);
    for expected in [
        "3 of the done messages are also in the dead-letter queue",
        "done + 28 dead-lettered",
        "dead-lettered: 7 × reason 7",
        "dead-lettered: 3 for other reasons",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(!text.contains("reason 2"), "{text}");
}
