//! What must hold in a run: where it doesn't, its figures can't be trusted.

use results::scenario::splitter::SplitRun;

use super::find::Found;
use super::log::item_id;
use crate::scenario::shared::tables::count;

/// Lost items that are named.
const NAMED: usize = 5;

/// What doesn't add up in a run, by its figures and its log.
pub fn of(run: &SplitRun, found: &Found) -> Vec<String> {
    let mut violations = Vec::new();
    let (items, log) = (&run.items, &found.handled.log);
    if items.lost > 0 {
        let named = items.lost_ids.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if items.lost > NAMED as u64 { ", …" } else { "" };
        violations.push(format!(
            "{} of {} got lost: neither done nor in the dead-letter queue, and nothing has changed for as long as that can \
             take: {named}{more}",
            count(items.lost, "item"),
            found.items
        ));
    }
    let all = usize::try_from(found.items).unwrap_or(usize::MAX);
    let is_foreign =
        |id: &&String| id.parse::<usize>().map_or(true, |index| index >= all || **id != item_id(index));
    let foreign = log.items.keys().filter(is_foreign).count() as u64;
    if foreign > 0 {
        violations.push(format!("{} of the run log that the event doesn't have", count(foreign, "item")));
    }
    if let Some(split) = log.split.and_then(|split| split.count).filter(|split| *split != found.items) {
        violations.push(format!("the event has {}, but was split into {split}", count(found.items, "item")));
    }
    let backwards = log.done().filter(|(_, _, start, end)| end < start).count() as u64;
    if backwards > 0 {
        violations.push(format!("{} ended before they began: see the run log", count(backwards, "item")));
    }
    for violation in &mut violations {
        *violation = format!("{}: {violation}", run.run);
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::outcome;
    use crate::scenario::splitter::testing::{found, test};

    fn said(change: impl FnOnce(&mut Found)) -> Vec<String> {
        let mut found = found(5);
        change(&mut found);
        of(&outcome::figures(&test(), &found), &found)
    }

    #[test]
    fn a_run_that_adds_up_has_no_violation() {
        assert_eq!(said(|_| {}), [""; 0]);
    }

    #[test]
    fn lost_items_are_named() {
        let said = said(|found| found.handled.log.items.retain(|id, _| id.as_str() < "0014"));
        let [said] = said.as_slice() else { panic!("{said:?}") };
        assert!(said.contains("6 items of 20 got lost"), "{said}");
        assert!(said.ends_with("0014, 0015, 0016, 0017, 0018, …"), "{said}");
    }

    #[test]
    fn items_that_the_event_does_not_have_are_told() {
        let said = said(|found| {
            let entry = found.handled.log.items["0001"];
            found.handled.log.items.insert("0020".to_owned(), entry);
            found.handled.log.items.insert("1".to_owned(), entry);
        });
        assert!(said[0].ends_with("2 items of the run log that the event doesn't have"), "{said:?}");
    }

    #[test]
    fn an_event_that_was_split_into_another_number_is_told() {
        let said = said(|found| found.handled.log.split.as_mut().unwrap().count = Some(19));
        assert!(said[0].ends_with("the event has 20 items, but was split into 19"), "{said:?}");
    }

    #[test]
    fn times_that_cannot_be_are_told() {
        let said = said(|found| found.handled.log.items.get_mut("0003").unwrap().ended_us = Some(1));
        assert!(said[0].contains("1 item ended before they began"), "{said:?}");
    }
}
