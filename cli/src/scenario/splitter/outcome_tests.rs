use super::*;
use crate::scenario::splitter::testing::{found, test};

fn figures_of(change: impl FnOnce(&mut Found)) -> SplitRun {
    let mut found = found(5);
    change(&mut found);
    figures(&test(), &found)
}

fn assert_close(got: Option<f64>, want: f64) {
    assert!(got.is_some_and(|got| (got - want).abs() < 1e-6), "{got:?} is not {want}");
}

#[test]
fn speed_up_is_the_items_own_time_by_the_time_until_the_last_one_is_done() {
    let run = figures_of(|_| {});
    // Four rounds of 210 ms begin 50 ms after the event; the last item begins 0.4 ms later than its round.
    let elapsed = 0.05 + 3.0 * 0.21 + 0.0004 + 0.205;
    assert_close(run.elapsed_seconds, elapsed);
    assert_close(Some(run.serial_seconds), 4.0);
    assert_close(run.speed_up, 4.0 / elapsed);
    assert_close(run.efficiency, 4.0 / elapsed / 5.0);
    assert_close(run.split_seconds, 0.045);
    assert_eq!((run.at_once, run.items.done, run.items.lost), (5, 20, 0));
}

#[test]
fn slow_items_do_not_make_the_speed_up_better() {
    let slow = figures_of(|found| {
        for entry in found.handled.log.items.values_mut() {
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
    let run = figures_of(|found| found.concurrency = 50);
    assert_close(run.efficiency, run.speed_up.unwrap() / 20.0);
}

#[test]
fn items_without_any_time_have_no_speed_up() {
    let mut test = test();
    test.event.item_seconds = 0.0;
    let run = figures(&test, &found(5));
    assert_eq!((run.speed_up, run.efficiency), (None, None));
}

#[test]
fn an_item_that_was_given_up_is_not_done_and_not_part_of_the_time() {
    let run = figures_of(|found| {
        let entry = found.handled.log.items.get_mut("0019").unwrap();
        (entry.ended_us, entry.attempts) = (None, 4);
        found.handled.dead.items.insert("0019".to_owned(), "poison".to_owned());
        found.handled.dead.items.insert("0003".to_owned(), "late".to_owned());
        found.billed.as_mut().unwrap().invocations = 25;
    });
    assert_eq!((run.items.done, run.items.dead_lettered, run.items.dead_lettered_done), (19, 1, 1));
    assert_eq!(run.items.reasons, [("poison".to_owned(), 1)].into());
    assert_close(Some(run.serial_seconds), 3.8);
    let expected = Invocations { counted: 25, expected: 21, split_repeats: 0, item_repeats: 3, others: 1 };
    assert_eq!(run.invocations, Some(expected));
}

#[test]
fn what_an_event_that_was_given_up_never_queued_is_given_up_with_it() {
    let run = figures_of(|found| {
        found.handled.log.items.retain(|id, _| id.as_str() < "0010");
        found.handled.dead.event = Some("no time".to_owned());
    });
    assert_eq!((run.items.done, run.items.dead_lettered, run.items.lost), (10, 10, 0));
    assert_eq!(run.items.reasons, [("no time".to_owned(), 10)].into());
}

#[test]
fn one_by_one_has_no_queue_and_nothing_to_split() {
    let run = figures(&test(), &found(1));
    assert_eq!((run.queueing_ms, run.split_seconds, run.at_once), (None, None, 1));
    let expected = Invocations { counted: 20, expected: 20, ..Invocations::default() };
    assert_eq!(run.invocations, Some(expected));
}

#[test]
fn samples_are_the_queueing_and_the_time_of_the_items() {
    let (found, run) = (found(5), figures_of(|_| {}));
    let measured = measured(&found, &run);
    let names: Vec<_> = measured.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["concurrency 5: queueing", "concurrency 5: item"]);
    let item = measured[1].summary().unwrap();
    assert!((item.p50 - 205.0).abs() < 0.5, "{item:?}");
    assert!((run.queueing_ms.unwrap().p50 - 230.0).abs() < 5.0, "{:?}", run.queueing_ms);
    assert!(cost(&test(), &found, &run).is_some_and(|cost| cost.lines.len() == 5));
}

#[test]
fn without_report_lines_there_are_no_invocations_and_no_price() {
    let run = figures_of(|found| found.billed = None);
    assert_eq!((run.invocations, run.function, run.price.per_million_usd), (None, None, None));
}
