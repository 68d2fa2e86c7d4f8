//! What to know about the figures, each with advice.

use protocol::stats::real;
use results::scenario::splitter::{Road, SplitRun, Splitting};

use super::Test;
use super::find::{Findings, Found};
use crate::scenario::shared::tables::count;

/// Below this number of items, the highest percentiles are just the slowest ones.
const FEW: u64 = 100;
/// Batches that Lambda begins with, before it adds more, at most (Lambda Developer Guide, "Configuring scaling behavior for
/// SQS event source mappings").
const FIRST_AT_ONCE: u64 = 5;

/// The warnings about a test.
pub fn of(test: &Test, findings: &Findings, splitting: &Splitting) -> Vec<String> {
    let mut warnings = Vec::new();
    let runs = || findings.runs.iter().zip(&splitting.runs);
    warnings.extend(runs().find_map(|(found, _)| answer(test, found)));
    if runs().any(|(found, run)| run.queueing_ms.is_some() && found.items < FEW) {
        warnings.push(format!(
            "fewer than {FEW} items, so the highest percentiles are just the slowest ones: raise --items"
        ));
    }
    for (found, run) in runs() {
        warnings.extend(clocks(found));
        warnings.extend(unused(test, found, run));
        warnings.extend(dead_letters(test, run));
    }
    if !test.splitter.deployment.is_on_aws() {
        warnings.push(
            "local: the functions, the queue and the table share this machine's processor, and the queue hands out messages at \
             once: compare settings with each other"
                .to_owned(),
        );
    }
    warnings
}

/// The function had nothing to do with the event.
fn answer(test: &Test, found: &Found) -> Option<String> {
    let reply = found.reply.as_ref().filter(|reply| reply.count == 0)?;
    let function = &test.splitter.function;
    Some(if reply.status_code == 400 {
        format!(
            "the function could not understand the event; its log says why: aws logs tail /aws/lambda/{function}"
        )
    } else {
        "the event has nothing to split: it has to be of CreateTags or DeleteTags, without an errorCode, and with tags".to_owned()
    })
}

/// Elapsed time begins by this machine's clock and ends by the functions'.
fn clocks(found: &Found) -> Option<String> {
    let log = &found.handled.log;
    let begins = log.done().map(|(_, _, start, _)| start).chain(log.split.and_then(|split| split.started_us));
    let behind = found.sent_us.saturating_sub(begins.min()?);
    let ahead = log.last_end_us()?.saturating_sub(found.seen_us);
    let (by, which) = if behind > 0 { (behind, "behind") } else { (ahead, "ahead of") };
    (by > 0).then(|| {
        format!(
            "the functions' clock is {which} this machine's by {:.1} ms or more, and the elapsed time is off by as much: set \
             this machine's clock by NTP",
            real(by) / 1000.0
        )
    })
}

/// Where the queue didn't use what it was allowed.
fn unused(test: &Test, found: &Found, run: &SplitRun) -> Option<String> {
    let possible = run.concurrency.min(run.items.done.div_ceil(test.batch_size()));
    if found.road == Road::OneByOne || run.at_once >= possible || run.items.done == 0 {
        return None;
    }
    Some(format!(
        "concurrency {}: no more than {} at once: Lambda begins with {FIRST_AT_ONCE} and adds more while there are messages, and \
         an account has a limit of its own: raise --items or --item-seconds to see more, and look at the quota 'Concurrent \
         executions'",
        run.concurrency,
        count(run.at_once, "item")
    ))
}

fn dead_letters(test: &Test, run: &SplitRun) -> Option<String> {
    let dead = run.items.dead_lettered;
    (dead > 0 && run.road != Road::OneByOne).then(|| {
        format!(
            "{} put aside, and stay in the dead-letter queue: aws sqs receive-message --message-attribute-names All \
             --queue-url {}",
            count(dead, "item"),
            test.splitter.queue.dead_letter_url
        )
    })
}

#[cfg(test)]
mod tests {
    use results::scenario::splitter::Reply;

    use super::*;
    use crate::scenario::splitter::outcome::splitting;
    use crate::scenario::splitter::testing::{found, test};

    /// The only warning of a run of 100 items on AWS, after a change.
    fn said(change: impl FnOnce(&mut Test, &mut Found)) -> Vec<String> {
        let (mut test, mut found) = (test(), found(5));
        test.splitter.deployment.endpoint = None;
        change(&mut test, &mut found);
        let findings = Findings { runs: vec![found], warnings: Vec::new() };
        let few = |warning: &String| !warning.starts_with("fewer than");
        of(&test, &findings, &splitting(&test, &findings)).into_iter().filter(few).collect()
    }

    #[test]
    fn a_run_without_any_trouble_has_no_warning() {
        assert_eq!(said(|_, _| {}), [""; 0]);
    }

    #[test]
    fn few_items_and_a_local_run_say_what_they_are_good_for() {
        let findings = Findings { runs: vec![found(5)], warnings: Vec::new() };
        let said = of(&test(), &findings, &splitting(&test(), &findings));
        assert!(said[0].starts_with("fewer than 100 items") && said[1].starts_with("local: "), "{said:?}");
    }

    #[test]
    fn an_event_that_brought_nothing_is_told_with_the_reason() {
        for (status_code, expected) in
            [(400, "aws logs tail /aws/lambda/lambench-dev-splitter-worker"), (202, "CreateTags")]
        {
            let said = said(|_, found| {
                found.reply = Some(Reply { status_code, count: 0, body: "x".to_owned() });
                found.items = 0;
                found.handled = crate::scenario::splitter::wait::Handled::default();
            });
            assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
        }
    }

    #[test]
    fn clocks_that_differ_are_told_with_the_figure_that_is_off() {
        let behind = said(|_, found| found.sent_us += 200_000);
        assert!(
            behind[0].starts_with("the functions' clock is behind this machine's by 180.0 ms"),
            "{behind:?}"
        );
        let ahead = said(|_, found| found.seen_us = found.handled.log.last_end_us().unwrap() - 2500);
        assert!(
            ahead[0].starts_with("the functions' clock is ahead of this machine's by 2.5 ms"),
            "{ahead:?}"
        );
    }

    #[test]
    fn concurrency_that_was_not_used_is_told_with_where_to_look() {
        let said = said(|_, found| found.concurrency = 10);
        assert!(said[0].starts_with("concurrency 10: no more than 5 items at once"), "{said:?}");
    }

    #[test]
    fn dead_letters_come_with_the_command_that_shows_them() {
        let said = said(|_, found| {
            found.handled.log.items.get_mut("0004").unwrap().ended_us = None;
            found.handled.dead.items.insert("0004".to_owned(), "x".to_owned());
        });
        assert!(
            said[0].starts_with("1 item put aside") && said[0].ends_with("http://q/splitter-dead"),
            "{said:?}"
        );
    }
}
