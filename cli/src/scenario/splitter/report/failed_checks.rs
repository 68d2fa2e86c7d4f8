//! What must hold in a split: where it doesn't, its figures cannot be trusted.

use protocol::splitter::item_index;
use results::scenario::splitter::SplitRun;

use crate::scenario::shared::load_generator;
use crate::scenario::shared::tables::{count, first_ids};
use crate::scenario::splitter::execute::SplitObservation;

/// What doesn't add up in a split, by its figures and its log.
pub fn failed_checks(split: &SplitObservation, figures: &SplitRun) -> Vec<String> {
    let (items, log) = (&figures.items, &split.handled.log);
    let mut failed = Vec::new();
    failed.extend(refused(split));
    failed.extend(unsent(split, figures));
    if items.lost > 0 {
        failed.push(format!(
            "{} of {} lost: neither done nor in the dead-letter queue, and nothing has changed for as long \
             as that can take: {}",
            count(items.lost, "item"),
            split.items,
            first_ids(items.lost_ids.iter().map(String::as_str))
        ));
    }
    let is_known = |id: &str| item_index(id).is_some_and(|index| (index as u64) < split.items);
    let unknown = log.items.keys().filter(|id| !is_known(id)).count() as u64;
    if unknown > 0 {
        failed.push(format!("{} in the run log, but not in the event", count(unknown, "item")));
    }
    let counted = log.split.as_ref().and_then(|entry| entry.count);
    if let Some(counted) = counted.filter(|counted| *counted != split.items) {
        failed.push(format!("the event has {}, but was split into {counted}", count(split.items, "item")));
    }
    let backwards = log.done().filter(|(_, _, start, end)| end < start).count() as u64;
    if backwards > 0 {
        failed.push(format!("{} ended before they started: see the run log", count(backwards, "item")));
    }
    failed.into_iter().map(|check| format!("{}: {check}", split.run)).collect()
}

/// What functions had to send and have not.
fn unsent(split: &SplitObservation, figures: &SplitRun) -> Option<String> {
    let check = load_generator::failed_check(figures.senders.as_ref()?, "item")?;
    let reason = split.sent.as_ref()?.reason.as_ref().map(|reason| format!(": {reason}"));
    Some(check + &reason.unwrap_or_default())
}

/// Why nothing was made of the event.
fn refused(split: &SplitObservation) -> Option<String> {
    match (&split.handled.dead_letters.event, &split.reply) {
        (Some(reason), _) => Some(format!("the event is in the dead-letter queue: {reason}")),
        (None, Some(reply)) if reply.is_rejected() => Some(format!(
            "the function has refused the event: {} {}: its log says why",
            reply.status_code, reply.body
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use protocol::splitter::Reply;

    use super::*;
    use crate::scenario::splitter::report::aggregate::split_run;
    use crate::scenario::splitter::testing::{event, split_at, split_of_functions};

    fn said(change: impl FnOnce(&mut SplitObservation)) -> Vec<String> {
        let mut split = split_at(5);
        change(&mut split);
        failed_checks(&split, &split_run(&event(), &split))
    }

    #[test]
    fn a_run_that_adds_up_has_no_failed_check() {
        assert_eq!(said(|_| {}), [""; 0]);
    }

    #[test]
    fn an_event_of_which_nothing_was_made_fails_with_the_reason() {
        let rejected = Reply { status_code: 400, count: 0, body: "invalid event argument".to_owned() };
        let said_of = |event: Option<&str>, reply: Option<&Reply>| {
            said(|split| {
                split.reply = reply.cloned();
                split.handled.dead_letters.event = event.map(str::to_owned);
            })
        };
        let said = said_of(Some("too long"), Some(&rejected));
        assert!(
            said.len() == 1 && said[0].ends_with(": the event is in the dead-letter queue: too long"),
            "{said:?}"
        );
        let said = said_of(None, Some(&rejected));
        assert!(
            said[0].ends_with(
                "the function has refused the event: 400 invalid event argument: its log says why"
            )
        );
        assert!(said_of(None, Some(&Reply { status_code: 202, ..rejected })).is_empty());
    }

    #[test]
    fn items_that_functions_did_not_send_are_told_and_not_lost() {
        let mut split = split_of_functions();
        assert_eq!(failed_checks(&split, &split_run(&event(), &split)), [""; 0]);
        split.handled.log.items.retain(|id, _| id.as_str() < "0014");
        let sent = split.sent.as_mut().unwrap();
        // Two of them have been sent all the same.
        sent.unsent = vec![(12, 18)].into();
        sent.senders.lost = 1;
        sent.reason = Some("Broken: not now".to_owned());
        let said = failed_checks(&split, &split_run(&event(), &split));
        let [unsent, lost] = said.as_slice() else { panic!("{said:?}") };
        assert!(
            unsent.ends_with(
                ": 5 items not known to have been sent; 1 of 2 functions ended without a report: Broken: not now"
            ),
            "{unsent}"
        );
        assert!(lost.contains("1 item of 20 lost") && lost.ends_with(": 0019"), "{lost}");
    }

    #[test]
    fn lost_items_are_named() {
        let said = said(|split| split.handled.log.items.retain(|id, _| id.as_str() < "0014"));
        let [said] = said.as_slice() else { panic!("{said:?}") };
        assert!(said.contains("6 items of 20 lost"), "{said}");
        assert!(said.ends_with("0014, 0015, 0016, 0017, 0018, …"), "{said}");
    }

    #[test]
    fn items_that_the_event_does_not_have_are_told() {
        let said = said(|split| {
            let entry = split.handled.log.items["0001"].clone();
            split.handled.log.items.insert("0020".to_owned(), entry.clone());
            split.handled.log.items.insert("1".to_owned(), entry);
        });
        assert!(said[0].ends_with("2 items in the run log, but not in the event"), "{said:?}");
    }

    #[test]
    fn an_event_that_was_split_into_another_number_is_told() {
        let said = said(|split| split.handled.log.split.as_mut().unwrap().count = Some(19));
        assert!(said[0].ends_with("the event has 20 items, but was split into 19"), "{said:?}");
    }

    #[test]
    fn times_that_cannot_be_are_told() {
        let said = said(|split| split.handled.log.items.get_mut("0003").unwrap().ended_us = Some(1));
        assert!(said[0].contains("1 item ended before they started"), "{said:?}");
    }
}
