//! A batch of a stream: what of it fails, what is dead-lettered, and where Lambda goes on.

use std::collections::HashSet;

use crate::delivery::{Delivery, Unreadable};

/// The records of a batch, by their place in it.
pub trait Records {
    /// The place of a record in its stream.
    fn sequence_number(&self, position: usize) -> &str;

    /// A record as it came: JSON text, or base64 of data that is no text.
    fn text(&self, position: usize) -> String;
}

/// A record that can never become a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its place in the batch.
    pub position: usize,
    /// The message's id, if it could be read.
    pub id: Option<String>,
    /// Why.
    pub reason: String,
}

/// A message of a batch, with all its records.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The message.
    pub delivery: Delivery,
    /// Where its records are in the batch.
    pub positions: Vec<usize>,
}

/// What has become of a batch so far.
#[derive(Debug, Default)]
pub struct BatchResult {
    /// The place of the first record that has to come again.
    pub failed: Option<usize>,
    /// What is to be dead-lettered.
    pub rejected: Vec<Rejected>,
}

impl BatchResult {
    /// These have to come again.
    pub fn fail<'a>(&mut self, entries: impl IntoIterator<Item = &'a Entry>) {
        let lowest = entries.into_iter().flat_map(|entry| &entry.positions).copied().min();
        self.failed = self.failed.into_iter().chain(lowest).min();
    }

    /// The entries that are done for good: neither rejected nor does a record of theirs come again.
    pub fn done<'a>(&self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
        let rejected: HashSet<usize> = self.rejected.iter().map(|rejected| rejected.position).collect();
        let failed = self.failed.unwrap_or(usize::MAX);
        let done = move |position: &usize| *position < failed && !rejected.contains(position);
        entries.iter().filter(move |entry| entry.positions.iter().all(&done))
    }

    /// This can never become a row.
    pub fn reject(&mut self, entry: &Entry, reason: &str) {
        let rejected = entry.positions.iter().map(|position| Rejected {
            position: *position,
            id: Some(entry.delivery.id.clone()),
            reason: reason.to_owned(),
        });
        self.rejected.extend(rejected);
    }
}

/// The deliveries that could be read; what could not goes into `result`.
pub fn read(
    deliveries: impl Iterator<Item = (usize, Result<Delivery, Unreadable>)>,
    result: &mut BatchResult,
) -> impl Iterator<Item = (usize, Delivery)> {
    deliveries.filter_map(|(position, delivery)| match delivery {
        Ok(delivery) => Some((position, delivery)),
        Err(Unreadable { id, error }) => {
            result.rejected.push(Rejected { position, id, reason: error.to_string() });
            None
        }
    })
}

/// One entry for each id, in the order of the ids: of several deliveries, the first arrival's text and times.
pub fn merge(deliveries: impl Iterator<Item = (usize, Delivery)>) -> Vec<Entry> {
    let mut all: Vec<_> = deliveries.collect();
    // Stable: of records that arrived at the same time, the first in the stream stays.
    all.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    let mut entries: Vec<Entry> = Vec::with_capacity(all.len());
    for (position, delivery) in all {
        match entries.last_mut() {
            Some(last) if last.delivery.id == delivery.id => {
                last.positions.push(position);
                last.delivery.absorb(delivery);
            }
            _ => entries.push(Entry { delivery, positions: vec![position] }),
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn delivery(id: u8, arrived_us: u64, copies: u64) -> Delivery {
        Delivery {
            id: id.to_string(),
            message: arrived_us.to_string(),
            timestamp: 0.0,
            arrived_us,
            midstream_us: arrived_us + 1,
            copies,
            midstream_request: String::new(),
        }
    }

    proptest! {
        #[test]
        fn each_id_is_one_entry_with_the_earliest_arrivals_text_and_times(
            batch in proptest::collection::vec((0_u8..20, 0_u64..50, 1_u64..4), 0..100),
        ) {
            let deliveries: Vec<_> = batch.iter().map(|(id, at, copies)| delivery(*id, *at, *copies)).collect();
            let entries = merge(deliveries.iter().cloned().enumerate());

            let mut wanted: BTreeMap<String, Delivery> = BTreeMap::new();
            for one in &deliveries {
                wanted.entry(one.id.clone()).and_modify(|known| known.absorb(one.clone())).or_insert_with(|| one.clone());
            }
            let merged: Vec<_> = entries.iter().map(|entry| &entry.delivery).collect();
            prop_assert_eq!(&merged, &wanted.values().collect::<Vec<_>>());
            for entry in &entries {
                let own = || deliveries.iter().filter(|one| one.id == entry.delivery.id);
                let first = own().map(|one| one.arrived_us).min().unwrap();
                prop_assert_eq!(&entry.delivery.message, &first.to_string());
                prop_assert_eq!((entry.delivery.arrived_us, entry.delivery.midstream_us), (first, first + 1));
                prop_assert_eq!(entry.delivery.copies, own().map(|one| one.copies).sum::<u64>());
            }
            let positions: BTreeSet<_> = entries.iter().flat_map(|entry| &entry.positions).copied().collect();
            prop_assert_eq!(positions, (0..deliveries.len()).collect::<BTreeSet<_>>(), "no record is forgotten");
        }
    }

    #[test]
    fn the_lowest_failed_record_is_where_the_batch_comes_again_from() {
        let entry =
            |positions: &[usize]| Entry { delivery: delivery(1, 0, 1), positions: positions.to_vec() };
        let mut result = BatchResult::default();
        result.fail(&[]);
        assert_eq!(result.failed, None);
        result.fail(&[entry(&[9, 4]), entry(&[7])]);
        result.fail(&[entry(&[6])]);
        assert_eq!(result.failed, Some(4));
        result.reject(&entry(&[2]), "bad");
        let entries = [&[0, 1][..], &[2], &[3, 5], &[8]].map(entry);
        let done: Vec<_> = result.done(&entries).collect();
        assert_eq!(done, [&entries[0]], "neither rejected nor to come again, not even in part");
    }

    #[test]
    fn what_cannot_be_read_is_put_aside_under_its_id_if_that_can() {
        let records: [&[u8]; 2] = [br#"{"id": "7", "message": "x", "timestamp": 1}"#, b"no JSON"];
        let mut result = BatchResult::default();
        let deliveries =
            records.iter().enumerate().map(|(at, data)| (at, Delivery::from_record(data, 1, "")));
        assert_eq!(read(deliveries, &mut result).count(), 0);
        let ids: Vec<_> = result.rejected.iter().map(|rejected| rejected.id.as_deref()).collect();
        assert_eq!(ids, [Some("7"), None]);
    }
}
