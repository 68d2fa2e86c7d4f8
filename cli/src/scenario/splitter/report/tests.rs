//! What the figures of splits are, and how they are shown.

use std::path::Path;

use protocol::splitter::Reply;
use results::cost::Cost;
use results::scenario::splitter::{Invocations, Items, SplitRun, Splitting};

use super::aggregate::{split_run, splitting};
use super::cost::costs;
use super::series::series;
use super::*;
use crate::result_file;
use crate::scenario::splitter::execute::{Event, SplitObservation};
use crate::scenario::splitter::testing::{
    event, observed, options_of_functions, run, split_at, split_of_functions,
};

fn figures_of(change: impl FnOnce(&mut SplitObservation)) -> SplitRun {
    let mut split = split_at(5);
    change(&mut split);
    split_run(&event(), &split)
}

fn assert_close(got: Option<f64>, want: f64) {
    assert!(got.is_some_and(|got| (got - want).abs() < 1e-6), "{got:?} is not {want}");
}

#[test]
fn speed_up_is_the_items_own_time_by_the_time_until_the_last_one_is_done() {
    let run = figures_of(|_| {});
    // Four rounds of 210 ms start 50 ms after the event; the last item starts 0.4 ms later than its round.
    let elapsed = 0.05 + 3.0 * 0.21 + 0.0004 + 0.205;
    assert_close(run.elapsed_seconds, elapsed);
    assert_close(Some(run.serial_seconds), 4.0);
    assert_close(run.speed_up, 4.0 / elapsed);
    assert_close(run.efficiency, 4.0 / elapsed / 5.0);
    assert_close(run.split_seconds, 0.045);
    assert_eq!((run.peak_concurrency, run.items.done, run.items.lost), (5, 20, 0));
}

#[test]
fn slow_items_do_not_make_the_speed_up_better() {
    let slow = figures_of(|split| {
        for entry in split.handled.log.items.values_mut() {
            entry.ended_us = entry.ended_us.map(|end| end + 100_000);
        }
    });
    assert!(
        slow.speed_up < figures_of(|_| {}).speed_up,
        "it isn't measured by what they took, but by what they should take"
    );
}

#[test]
fn efficiency_is_by_what_can_be_at_once_at_all() {
    let run = figures_of(|split| split.concurrency = 50);
    assert_close(run.efficiency, run.speed_up.unwrap() / 20.0);
}

#[test]
fn items_without_any_time_have_no_speed_up() {
    let mut event = event();
    event.item_seconds = 0.0;
    let run = split_run(&event, &split_at(5));
    assert_eq!((run.speed_up, run.efficiency), (None, None));
}

#[test]
fn an_item_that_was_given_up_is_not_done_and_not_part_of_the_time() {
    let run = figures_of(|split| {
        let entry = split.handled.log.items.get_mut("0019").unwrap();
        (entry.ended_us, entry.attempts) = (None, 4);
        split.handled.dead_letters.items.add("0019", Some("poison"));
        split.handled.dead_letters.items.add("0003", Some("late"));
        split.billed.as_mut().unwrap().invocations = 25;
    });
    assert_eq!((run.items.done, run.items.dead_lettered, run.items.dead_lettered_done), (19, 1, 1));
    assert_eq!(run.items.reasons, [("poison".to_owned(), 1)].into());
    assert_close(Some(run.serial_seconds), 3.8);
    let expected = Invocations { counted: 25, expected: 21, split_repeats: 0, item_repeats: 3, others: 1 };
    assert_eq!(run.invocations, Some(expected));
}

#[test]
fn items_that_the_user_did_not_wait_for_are_not_lost_and_their_split_is_compared_with_none() {
    let mut stopped = split_at(5);
    stopped.handled.log.items.retain(|id, _| id.as_str() < "0010");
    stopped.handled.is_stopped = true;
    stopped.billed.as_mut().unwrap().invocations = 11;
    let missing = vec!["concurrency 5: 10 of 20 items".to_owned()];
    let observation = Observation { missing: missing.clone(), ..observed(vec![stopped]) };
    let measurement = measurement(&run(), &observation);
    assert_eq!((measurement.missing, measurement.failed_checks), (missing, vec![]));
    assert_eq!((measurement.figures[0].speed, measurement.figures[0].usd), (None, None));
    let Detail::Splitter(splitting) = measurement.detail else { panic!("a splitting") };
    let one = &splitting.runs[0];
    assert_eq!((one.items.done, one.items.lost, one.items.interrupted), (10, 0, 10));
    assert_eq!(one.invocations.unwrap().expected, 11);
    assert_close(Some(one.serial_seconds), 2.0);
    assert!(table::render(&splitting, &[]).contains("concurrency 5: interrupted: 10 items not done"));
}

#[test]
fn what_an_event_that_was_given_up_never_queued_is_given_up_with_it() {
    let run = figures_of(|split| {
        split.handled.log.items.retain(|id, _| id.as_str() < "0010");
        split.handled.dead_letters.event = Some("no time".to_owned());
    });
    assert_eq!((run.items.done, run.items.dead_lettered, run.items.lost), (10, 10, 0));
    assert_eq!(run.items.reasons, [("no time".to_owned(), 10)].into());
}

#[test]
fn items_one_after_the_other_have_no_queue_and_nothing_to_split() {
    let run = split_run(&event(), &split_at(1));
    assert_eq!((run.queueing_ms, run.split_seconds, run.peak_concurrency), (None, None, 1));
    let expected = Invocations { counted: 20, expected: 20, ..Invocations::default() };
    assert_eq!(run.invocations, Some(expected));
}

#[test]
fn samples_are_the_queueing_and_the_time_of_the_items() {
    let (split, figures) = (split_at(5), figures_of(|_| {}));
    let measured = series(&split, &figures);
    let names: Vec<_> = measured.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["concurrency 5: queueing", "concurrency 5: item"]);
    let item = measured[1].summary().unwrap();
    assert!((item.p50 - 205.0).abs() < 0.5, "{item:?}");
    assert!((figures.queueing_ms.unwrap().p50 - 230.0).abs() < 5.0, "{:?}", figures.queueing_ms);
    let lines = costs_of(vec![split]).iter().map(|cost| cost.lines.len()).collect::<Vec<_>>();
    assert_eq!(lines, [4, 1, 3], "the split's, the run log's and those of one invocation");
}

#[test]
fn without_report_lines_there_are_no_invocations_and_no_price() {
    let mut split = split_at(5);
    split.billed = None;
    let figures = split_run(&event(), &split);
    assert_eq!((figures.invocations, figures.function, costs_of(vec![split])[0].usd), (None, None, None));
}

fn costs_of(splits: Vec<SplitObservation>) -> Vec<Cost> {
    let observation = observed(splits);
    costs(&run(), &observation, &splitting(&run(), &observation))
}

/// Splits at the concurrencies 1 and 5, with their costs.
fn both() -> (Splitting, Vec<Cost>) {
    let observation = observed(vec![split_at(1), split_at(5)]);
    let splitting = splitting(&run(), &observation);
    let costs = costs(&run(), &observation, &splitting);
    (splitting, costs)
}

/// An event in which nothing is done costs nothing per item.
#[test]
fn without_an_item_that_is_done_there_is_no_cost() {
    let mut split = split_at(5);
    split.handled.log.items.clear();
    assert_eq!(costs_of(vec![split]), []);
}

#[test]
fn concurrencies_stand_side_by_side_with_what_they_bring_and_cost() {
    let (splitting, costs) = both();
    insta::assert_snapshot!(table::render(&splitting, &costs));
}

#[test]
fn trouble_is_shown_where_it_belongs() {
    let (mut splitting, mut costs) = both();
    costs.retain(|cost| cost.item.starts_with("concurrency 5"));
    splitting.task.file = Some("five-tags.json".to_owned());
    splitting.runs.remove(0);
    let run = &mut splitting.runs[0];
    run.items = Items {
        done: 17,
        dead_lettered: 2,
        reasons: [("poison".to_owned(), 2)].into(),
        dead_lettered_done: 1,
        lost: 1,
        unsent: 0,
        lost_ids: vec!["0019".to_owned()],
        interrupted: 0,
    };
    run.invocations =
        Some(Invocations { counted: 30, expected: 21, split_repeats: 1, item_repeats: 6, others: 2 });
    run.one_invocation_seconds = 1000.0;
    insta::assert_snapshot!(table::render(&splitting, &costs));
}

#[test]
fn an_event_without_items_shows_the_answer_only() {
    let (mut splitting, _) = both();
    splitting.runs.remove(0);
    let run = &mut splitting.runs[0];
    run.items = Items::default();
    run.reply = Some(Reply { status_code: 400, count: 0, body: "invalid event argument".to_owned() });
    let text = table::render(&splitting, &[]);
    assert!(text.ends_with("the function answered: 400 invalid event argument (0 items)\n"), "{text}");
}

#[test]
fn a_result_of_schema_version_1_is_shown_with_all_its_figures() {
    let result = result_file::read(Path::new("tests/v1/splitter.json")).unwrap();
    insta::assert_snapshot!(crate::show::render(&result));
}

#[test]
fn memory_sizes_are_compared_by_elapsed_time_and_price_if_all_items_are_done() {
    let mut run = figures_of(|_| {});
    let price = Cost { item: "concurrency 5: a million items".to_owned(), usd: Some(3.0), lines: vec![] };
    let costs = [price];
    let name = "concurrency 5".to_owned();
    assert_eq!(
        figure(&run, &costs),
        Figure { name: name.clone(), speed: run.elapsed_seconds, usd: Some(3.0) }
    );
    assert!(run.elapsed_seconds.is_some());
    run.items.dead_lettered = 1;
    assert_eq!(figure(&run, &costs), Figure { name, speed: None, usd: None });
}

#[test]
fn items_of_functions_are_shown_with_who_sent_them_and_what_that_cost_apart() {
    let event = Event::new(&options_of_functions(20), &run()).unwrap();
    let observation = Observation { event, ..observed(vec![split_of_functions()]) };
    let splitting = splitting(&run(), &observation);
    let one = &splitting.runs[0];
    assert_eq!(one.invocations.unwrap().expected, 20, "nothing was split");
    assert_close(one.split_seconds, 0.04);
    insta::assert_snapshot!(table::render(&splitting, &costs(&run(), &observation, &splitting)));
}
