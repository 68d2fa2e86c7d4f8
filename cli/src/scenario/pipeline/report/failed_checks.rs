//! Counts that have to be equal: where they are not, a run's figures cannot be trusted.

use protocol::pipeline::Tally;
use results::scenario::pipeline::{Delivery, Workers};

use crate::scenario::shared::tables::{count, first_ids};

/// What doesn't add up in a run, by its figures and the table's own.
pub fn failed_checks(delivery: &Delivery, tally: &Tally) -> Vec<String> {
    let mut failed_checks = Vec::new();
    let messages = &delivery.messages;
    let accepted = delivery.requests.accepted;
    if messages.lost > 0 {
        let ids = first_ids(messages.lost_ids.iter().map(String::as_str));
        failed_checks.push(format!(
            "{} of {accepted} accepted ones lost: neither a row nor a dead letter, and nothing has arrived \
             for two minutes: {ids}",
            count(messages.lost, "message")
        ));
    }
    // Rows as the table counts them, the others by their numbers.
    let rows = tally.rows + tally.unconfirmed;
    let unaccepted = messages.unaccepted_stored + messages.foreign;
    if accepted + unaccepted != rows + messages.dead_lettered + messages.lost {
        failed_checks.push(format!(
            "{accepted} messages were accepted, and {unaccepted} arrived without being accepted, but there \
             are {rows} rows, {} dead letters and {} lost ones",
            messages.dead_lettered, messages.lost
        ));
    }
    if messages.foreign > 0 {
        failed_checks.push(format!("{} of messages that were never sent", count(messages.foreign, "row")));
    }
    if messages.unconfirmed > 0 {
        failed_checks.push(format!(
            "{} without a confirmed commit: downstream's logs say why",
            count(messages.unconfirmed, "row")
        ));
    }
    if let Some(Workers { count: all, lost: lost @ 1.., unreported, .. }) = delivery.generator.workers {
        failed_checks.push(format!(
            "{lost} of {} that sent the load ended without a report: their {} count as not sent; of these and of others \
             without an answer of the API, {} arrived",
            count(all, "function"),
            count(unreported, "request"),
            messages.unaccepted_stored + messages.unaccepted_dead_lettered
        ));
    }
    if messages.deliveries < rows {
        failed_checks
            .push(format!("the table counts {} deliveries, but it has {rows} rows", messages.deliveries));
    }
    failed_checks
}

#[cfg(test)]
mod tests {
    use results::scenario::pipeline::Messages;

    use super::*;
    use crate::scenario::pipeline::report::aggregate;
    use crate::scenario::pipeline::testing::{delivery, observation_of_functions, run, tally};

    fn failed(change: impl FnOnce(&mut Messages, &mut Tally)) -> Vec<String> {
        let (mut delivery, mut tally) = (delivery(), tally());
        change(&mut delivery.messages, &mut tally);
        failed_checks(&delivery, &tally)
    }

    #[test]
    fn a_run_that_adds_up_fails_no_check() {
        assert_eq!(failed(|_, _| {}), [""; 0]);
        let unaccepted = |messages: &mut Messages, tally: &mut Tally| {
            messages.unaccepted_stored = 3;
            messages.deliveries += 3;
            tally.rows += 3;
        };
        assert_eq!(failed(unaccepted), [""; 0], "a request without an answer may have been taken");
    }

    #[test]
    fn a_function_that_died_fails_the_run_and_the_rest_stands() {
        let observation = observation_of_functions();
        let delivery = aggregate::delivery(&run(), &observation);
        assert_eq!((delivery.requests.sent, delivery.requests.unsent), (9750, 3250));
        assert_eq!((delivery.messages.stored, delivery.messages.lost), (9736, 0));
        assert_eq!(
            failed_checks(&delivery, &observation.arrived.tally),
            ["1 of 4 functions that sent the load ended without a report: their 3250 requests count as not \
              sent; of these and of others without an answer of the API, 1000 arrived"]
        );
    }

    #[test]
    fn lost_messages_are_named() {
        let failed = failed(|messages, tally| {
            messages.stored -= 7;
            messages.lost = 7;
            messages.lost_ids = (1..=7).map(|number| format!("run-{number}")).collect();
            tally.rows -= 7;
        });
        let [check] = failed.as_slice() else { panic!("{failed:?}") };
        assert!(check.starts_with("7 messages of 12990 accepted ones lost"), "{check}");
        assert!(check.ends_with("run-1, run-2, run-3, run-4, run-5, …"), "{check}");
    }

    #[test]
    fn rows_that_are_more_or_fewer_than_the_messages_are_told() {
        let failed = failed(|_, tally| tally.rows -= 1);
        assert_eq!(
            failed,
            ["12990 messages were accepted, and 0 arrived without being accepted, but there are \
              12985 rows, 4 dead letters and 0 lost ones"]
        );
    }

    #[test]
    fn rows_that_nobody_sent_or_confirmed_are_told() {
        let foreign = failed(|messages, tally| {
            messages.foreign = 1;
            tally.rows += 1;
        });
        assert_eq!(foreign, ["1 row of messages that were never sent"]);
        let unconfirmed = failed(|messages, tally| {
            messages.unconfirmed = 2;
            tally.rows -= 2;
            tally.unconfirmed = 2;
        });
        assert!(unconfirmed[0].starts_with("2 rows without a confirmed commit"), "{unconfirmed:?}");
    }
}
