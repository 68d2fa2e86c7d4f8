//! What to know about the figures, each with advice.

use protocol::stats::real;
use results::scenario::splitter::{SplitRun, Splitting, Trigger};

use crate::scenario::shared::load_generator;
use crate::scenario::shared::tables::count;
use crate::scenario::shared::warnings::{few, in_dead_letter_queue, local};
use crate::scenario::splitter::Run;
use crate::scenario::splitter::execute::{Observation, SplitObservation, batch_size};

/// Below this number of items, the highest percentiles are just the slowest ones.
const FEW: u64 = 100;
/// Batches with which Lambda starts, before it adds more, at most (Lambda Developer Guide, "Configuring scaling behavior for
/// SQS event source mappings").
const FIRST_BATCHES: u64 = 5;

/// The warnings about splits.
pub fn warnings(run: &Run, observation: &Observation, splitting: &Splitting) -> Vec<String> {
    let splits = || observation.splits.iter().zip(&splitting.runs);
    let mut warnings = Vec::new();
    warnings.extend(observation.splits.iter().find_map(nothing_to_split));
    if splits().any(|(split, figures)| figures.queueing_ms.is_some() && split.items < FEW) {
        warnings.push(few(FEW, "items", "raise --items"));
    }
    for (split, figures) in splits() {
        warnings.extend(clocks(split));
        warnings.extend(late(figures));
        warnings.extend(unused(run, figures));
        warnings.extend(dead_letters(run, figures));
    }
    warnings.extend(local(
        run.deployment(),
        "the functions, the queue and the table share this machine's processor, and the queue hands out messages at once",
        "settings",
    ));
    warnings
}

/// The function had nothing to do with the event.
fn nothing_to_split(split: &SplitObservation) -> Option<String> {
    let reply = split.reply.as_ref().filter(|reply| reply.count == 0)?;
    (!reply.is_rejected()).then(|| {
        "the event has nothing to split: it has to be from CreateTags or DeleteTags, without an errorCode, and with tags"
            .to_owned()
    })
}

/// Elapsed time starts by this machine's clock and ends by the functions'.
fn clocks(split: &SplitObservation) -> Option<String> {
    let log = &split.handled.log;
    let split_start = log.split.as_ref().and_then(|entry| entry.started_us);
    let starts = log.done().map(|(_, _, start, _)| start).chain(split_start);
    let behind = split.sent_us.saturating_sub(starts.min()?);
    let ahead = log.last_end_us()?.saturating_sub(split.seen_us);
    let (by, which) = if behind > 0 { (behind, "behind") } else { (ahead, "ahead of") };
    (by > 0).then(|| {
        format!(
            "the functions' clock is {which} this machine's by {:.1} ms or more, and the elapsed time is off \
             by as much: synchronize this machine's clock with NTP",
            real(by) / 1000.0
        )
    })
}

/// Where functions that send items weren't ready in time.
fn late(figures: &SplitRun) -> Option<String> {
    let late = load_generator::late(figures.senders.as_ref()?)?;
    Some(format!("concurrency {}: {late}", figures.concurrency))
}

/// Where the queue didn't use what it was allowed.
fn unused(run: &Run, figures: &SplitRun) -> Option<String> {
    let possible = figures.concurrency.min(figures.items.done.div_ceil(batch_size(run)));
    if figures.trigger == Trigger::Sequential
        || figures.peak_concurrency >= possible
        || figures.items.done == 0
    {
        return None;
    }
    Some(format!(
        "concurrency {}: no more than {} at once: Lambda starts with {FIRST_BATCHES} batches and adds more while there are \
         messages, and an account has a limit of its own: raise --items or --item-seconds to see more, and look at the quota \
         'Concurrent executions'",
        figures.concurrency,
        count(figures.peak_concurrency, "item")
    ))
}

fn dead_letters(run: &Run, figures: &SplitRun) -> Option<String> {
    let dead_lettered = figures.items.dead_lettered;
    (dead_lettered > 0 && figures.trigger != Trigger::Sequential).then(|| {
        let url = &run.deployed.queue.dead_letter_url;
        in_dead_letter_queue(run.deployment(), &count(dead_lettered, "item"), url)
    })
}

#[cfg(test)]
mod tests {
    use protocol::splitter::Reply;
    use results::scenario::Senders;

    use super::*;
    use crate::scenario::splitter::execute::Handled;
    use crate::scenario::splitter::report::aggregate::splitting;
    use crate::scenario::splitter::testing::{observed, run, split_at, split_of_functions};

    /// The only warning of a run of 100 items on AWS, after a change.
    fn said(change: impl FnOnce(&mut SplitObservation)) -> Vec<String> {
        let (mut run, mut split) = (run(), split_at(5));
        run.deployed.deployment.endpoint = None;
        change(&mut split);
        let few = |warning: &String| !warning.starts_with("fewer than");
        all(&run, split).into_iter().filter(few).collect()
    }

    fn all(run: &Run, split: SplitObservation) -> Vec<String> {
        let observation = observed(vec![split]);
        warnings(run, &observation, &splitting(run, &observation))
    }

    #[test]
    fn a_run_without_any_trouble_has_no_warning() {
        assert_eq!(said(|_| {}), [""; 0]);
    }

    #[test]
    fn few_items_and_a_local_run_say_what_they_are_good_for() {
        let said = all(&run(), split_at(5));
        assert!(said[0].starts_with("fewer than 100 items") && said[1].starts_with("local: "), "{said:?}");
    }

    #[test]
    fn an_event_that_brought_nothing_is_told_with_the_reason() {
        let answered = |status_code| {
            said(|split| {
                split.reply = Some(Reply { status_code, count: 0, body: "x".to_owned() });
                split.items = 0;
                split.handled = Handled::default();
            })
        };
        let said = answered(202);
        assert!(said.len() == 1 && said[0].contains("CreateTags"), "{said:?}");
        assert_eq!(answered(400), [""; 0], "that is a failed check");
    }

    #[test]
    fn clocks_that_differ_are_told_with_the_figure_that_is_off() {
        let behind = said(|split| split.sent_us += 200_000);
        assert!(
            behind[0].starts_with("the functions' clock is behind this machine's by 180.0 ms"),
            "{behind:?}"
        );
        let ahead = said(|split| split.seen_us = split.handled.log.last_end_us().unwrap() - 2500);
        assert!(
            ahead[0].starts_with("the functions' clock is ahead of this machine's by 2.5 ms"),
            "{ahead:?}"
        );
    }

    #[test]
    fn functions_that_sent_late_are_told() {
        let late = |senders: Senders| {
            said(|split| {
                *split = split_of_functions();
                split.sent.as_mut().unwrap().senders = senders;
            })
        };
        let on_time = Senders { count: 2, ..Senders::default() };
        assert_eq!(late(on_time), [""; 0]);
        let said = late(Senders { late: 1, latest_ms: 20.0, ..on_time });
        assert!(said[0].starts_with("concurrency 5: 1 of 2 functions that send weren't ready"), "{said:?}");
    }

    #[test]
    fn concurrency_that_was_not_used_is_told_with_where_to_look() {
        let said = said(|split| split.concurrency = 10);
        assert!(said[0].starts_with("concurrency 10: no more than 5 items at once"), "{said:?}");
    }

    #[test]
    fn dead_letters_come_with_the_command_that_shows_them() {
        let said = said(|split| {
            split.handled.log.items.get_mut("0004").unwrap().ended_us = None;
            split.handled.dead_letters.items.add("0004", Some("x"));
        });
        assert!(
            said[0]
                .starts_with("1 item in the dead-letter queue: aws sqs receive-message --region us-east-1 ")
                && said[0].ends_with("http://q/splitter-dead"),
            "{said:?}"
        );
    }
}
