//! The entries' CRCs, as they become known.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crc32fast::Hasher;
use tokio::sync::SetOnce;

/// CRCs of all entries.
pub struct Crcs(Vec<Entry>);

struct Entry {
    size: u64,
    known: SetOnce<u32>,
    /// Of an object that is copied in several parts.
    parts: Mutex<Vec<(Range<u64>, u32)>>,
}

impl Crcs {
    /// None is known but those of empty entries.
    #[must_use]
    pub fn new(sizes: impl Iterator<Item = u64>) -> Self {
        let entry = |size| Entry {
            size,
            known: if size == 0 { SetOnce::new_with(Some(0)) } else { SetOnce::new() },
            parts: Mutex::default(),
        };
        Self(sizes.map(entry).collect())
    }

    /// The CRC of a range of an entry; ranges don't overlap, but one may be told again.
    pub fn tell(&self, entry: usize, range: Range<u64>, crc: u32) {
        let entry = &self.0[entry];
        if range == (0..entry.size) {
            // Whoever tells it first is right: the content is the same.
            let _ = entry.known.set(crc);
            return;
        }
        let mut parts = entry.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.retain(|(known, _)| known.start != range.start);
        parts.push((range, crc));
        let told: u64 = parts.iter().map(|(range, _)| range.end - range.start).sum();
        if told == entry.size {
            parts.sort_unstable_by_key(|(range, _)| range.start);
            let mut all = Hasher::new();
            for (range, crc) in parts.drain(..) {
                all.combine(&Hasher::new_with_initial_len(crc, range.end - range.start));
            }
            let _ = entry.known.set(all.finalize());
        }
    }

    /// What is known of an entry by now, in the order of its bytes: the CRC of all of them, or those of ranges.
    #[must_use]
    pub fn so_far(&self, entry: usize) -> Vec<(Range<u64>, u32)> {
        let entry = &self.0[entry];
        if let Some(crc) = entry.known.get() {
            return vec![(0..entry.size, *crc)];
        }
        let mut parts = entry.parts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        parts.sort_unstable_by_key(|(range, _)| range.start);
        parts
    }

    /// An entry's CRC, as soon as it is known.
    pub async fn of(&self, entry: usize) -> u32 {
        *self.0[entry].known.wait().await
    }

    /// All CRCs, as soon as they are known.
    pub async fn all(&self) -> Vec<u32> {
        let mut crcs = Vec::with_capacity(self.0.len());
        for entry in &self.0 {
            crcs.push(*entry.known.wait().await);
        }
        crcs
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_crc_is_known_when_all_parts_are_whatever_their_order() {
        let crcs = Crcs::new([6, 0].into_iter());
        assert_eq!(crcs.of(1).now_or_never(), Some(0), "that of an empty entry");
        crcs.tell(0, 4..6, crc32fast::hash(b"ef"));
        crcs.tell(0, 4..6, crc32fast::hash(b"ef"));
        assert_eq!(crcs.of(0).now_or_never(), None);
        assert_eq!(crcs.so_far(0), [(4..6, crc32fast::hash(b"ef"))]);
        crcs.tell(0, 0..4, crc32fast::hash(b"abcd"));
        assert_eq!(crcs.of(0).now_or_never(), Some(crc32fast::hash(b"abcdef")));
        assert_eq!(crcs.so_far(0), [(0..6, crc32fast::hash(b"abcdef"))]);
        assert_eq!(crcs.all().now_or_never().unwrap().len(), 2);
    }
}
