//! A batch of a stream: what of it fails, what is put aside, and where Lambda goes on.

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
pub struct Refused {
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
pub struct Outcome {
    /// The place of the first record that has to come again.
    pub failed: Option<usize>,
    /// What is to be put aside.
    pub refused: Vec<Refused>,
}

impl Outcome {
    /// These have to come again.
    pub fn fail<'a>(&mut self, entries: impl IntoIterator<Item = &'a Entry>) {
        let lowest = entries.into_iter().flat_map(|entry| &entry.positions).copied().min();
        self.failed = self.failed.into_iter().chain(lowest).min();
    }

    /// The entries that are done for good: neither refused nor does a record of theirs come again.
    pub fn done<'a>(&self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
        let refused: HashSet<usize> = self.refused.iter().map(|refused| refused.position).collect();
        let failed = self.failed.unwrap_or(usize::MAX);
        let done = move |position: &usize| *position < failed && !refused.contains(position);
        entries.iter().filter(move |entry| entry.positions.iter().all(&done))
    }

    /// This can never become a row.
    pub fn refuse(&mut self, entry: &Entry, reason: &str) {
        let refused = entry.positions.iter().map(|position| Refused {
            position: *position,
            id: Some(entry.delivery.id.clone()),
            reason: reason.to_owned(),
        });
        self.refused.extend(refused);
    }
}

/// The deliveries that could be read; what could not goes into `outcome`.
pub fn read(
    deliveries: impl Iterator<Item = (usize, Result<Delivery, Unreadable>)>,
    outcome: &mut Outcome,
) -> impl Iterator<Item = (usize, Delivery)> {
    deliveries.filter_map(|(position, delivery)| match delivery {
        Ok(delivery) => Some((position, delivery)),
        Err(Unreadable { id, refusal }) => {
            outcome.refused.push(Refused { position, id, reason: refusal.to_string() });
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
#[path = "batch_tests.rs"]
mod tests;
