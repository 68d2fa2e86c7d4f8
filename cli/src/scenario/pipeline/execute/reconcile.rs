//! What became of each message, by what the sender knows, the table in PostgreSQL and the dead-letter queues.

use std::collections::BTreeMap;

use load::RequestStatus;

/// Numbers with both ends included.
pub type Range = (u64, u64);

/// Messages counted by what became of them. The accepted ones are `stored`, `dead_lettered` and `lost` together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Accepted ones with a row.
    pub stored: u64,
    /// Those with a row, accepted or not, that are no part of the ramp.
    pub stored_measured: u64,
    /// Accepted ones without a row that are in a dead-letter queue.
    pub dead_lettered: u64,
    /// Why.
    pub reasons: BTreeMap<String, u64>,
    /// Those with a row that are in a dead-letter queue all the same.
    pub dead_lettered_stored: u64,
    /// Accepted ones that are nowhere, or not yet.
    pub lost: Vec<Range>,
    /// Not accepted, but with a row.
    pub unaccepted_stored: u64,
    /// Not accepted, but in a dead-letter queue.
    pub unaccepted_dead_lettered: u64,
    /// Not accepted and nowhere, but may have been taken all the same.
    pub open: u64,
    /// Never sent, but with a row.
    pub foreign: u64,
}

impl Reconciliation {
    /// Of messages whose requests have these statuses, by number; `rows` are the numbers in the table, and `dead_letters`
    /// those in dead-letter queues with the reason.
    pub fn new(
        statuses: &[RequestStatus],
        measured_from: u64,
        rows: &[Range],
        dead_letters: &BTreeMap<u64, String>,
    ) -> Self {
        let mut reconciliation = Self::default();
        let mut has_row = vec![false; statuses.len()];
        for &(first, last) in rows {
            reconciliation.foreign += (last + 1).saturating_sub(first.max(statuses.len() as u64));
            for number in first..=last.min((statuses.len() as u64).saturating_sub(1)) {
                if let Some(row) = usize::try_from(number).ok().and_then(|index| has_row.get_mut(index)) {
                    *row = true;
                }
            }
        }
        for ((number, status), has_row) in (0..).zip(statuses).zip(has_row) {
            reconciliation.stored_measured += u64::from(has_row && number >= measured_from);
            reconciliation.count(number, *status, has_row, dead_letters.get(&number));
        }
        reconciliation
    }

    fn count(&mut self, number: u64, status: RequestStatus, has_row: bool, reason: Option<&String>) {
        self.dead_lettered_stored += u64::from(has_row && reason.is_some());
        match (status, has_row, reason) {
            (RequestStatus::Accepted, true, _) => self.stored += 1,
            (RequestStatus::Accepted, false, Some(reason)) => {
                self.dead_lettered += 1;
                *self.reasons.entry(reason.clone()).or_default() += 1;
            }
            (RequestStatus::Accepted, false, None) => match self.lost.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => self.lost.push((number, number)),
            },
            (RequestStatus::Unsent, true, _) => self.foreign += 1,
            (_, true, _) => self.unaccepted_stored += 1,
            (_, false, Some(_)) => self.unaccepted_dead_lettered += 1,
            (RequestStatus::Failed | RequestStatus::Unknown | RequestStatus::Unreported, false, None) => {
                self.open += 1;
            }
            (RequestStatus::Unsent | RequestStatus::Refused, false, None) => {}
        }
    }

    /// How many accepted messages are nowhere, or not yet.
    pub fn missing(&self) -> u64 {
        self.lost.iter().map(|(first, last)| last - first + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::RequestStatus::{Accepted, Failed, Refused, Unknown, Unreported, Unsent};
    use super::*;

    fn dead_letters(numbers: &[u64]) -> BTreeMap<u64, String> {
        numbers.iter().map(|number| (*number, "too long".to_owned())).collect()
    }

    #[test]
    fn every_accepted_message_is_stored_dead_lettered_or_lost() {
        let reconciliation =
            Reconciliation::new(&[Accepted; 10], 4, &[(0, 2), (5, 6)], &dead_letters(&[3, 5]));
        assert_eq!(
            (reconciliation.stored, reconciliation.dead_lettered, reconciliation.missing()),
            (5, 1, 4)
        );
        assert_eq!(reconciliation.lost, [(4, 4), (7, 9)]);
        assert_eq!(reconciliation.reasons, BTreeMap::from([("too long".to_owned(), 1)]));
        assert_eq!(reconciliation.dead_lettered_stored, 1, "number 5 has a row, so it isn't missing");
        assert_eq!(reconciliation.stored_measured, 2, "the ramp has the first four");
    }

    #[test]
    fn what_was_not_accepted_is_never_lost_and_told_apart_where_it_arrived() {
        let statuses = [Refused, Unknown, Failed, Unknown, Failed, Unknown, Unsent];
        let reconciliation = Reconciliation::new(&statuses, 0, &[(1, 2)], &dead_letters(&[3]));
        let unaccepted =
            (reconciliation.unaccepted_stored, reconciliation.unaccepted_dead_lettered, reconciliation.open);
        assert_eq!((reconciliation.stored, reconciliation.missing(), unaccepted), (0, 0, (2, 1, 2)));
    }

    #[test]
    fn what_a_dead_worker_may_have_sent_is_neither_lost_nor_foreign() {
        let statuses = [Accepted, Unreported, Unreported, Unreported];
        let reconciliation = Reconciliation::new(&statuses, 0, &[(0, 1)], &dead_letters(&[2]));
        assert_eq!((reconciliation.stored, reconciliation.missing(), reconciliation.foreign), (1, 0, 0));
        let unaccepted =
            (reconciliation.unaccepted_stored, reconciliation.unaccepted_dead_lettered, reconciliation.open);
        assert_eq!(unaccepted, (1, 1, 1));
    }

    #[test]
    fn rows_that_nobody_sent_are_foreign() {
        let reconciliation =
            Reconciliation::new(&[Accepted, Unsent], 0, &[(0, 1), (7, 8)], &dead_letters(&[]));
        assert_eq!((reconciliation.stored, reconciliation.foreign), (1, 3));
        assert_eq!(Reconciliation::new(&[], 0, &[(0, 4)], &dead_letters(&[])).foreign, 5);
    }
}
