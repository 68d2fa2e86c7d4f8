//! The objects whose ranges end at local headers.

use std::ops::Range;

use crate::plan::{Object, Piece};

/// Bytes of headers and contents behind one filler; a sled can only be sent when it is known as a whole.
const MAX_PAYLOAD: u64 = 8 << 20;
/// Headers of the first sled and of any. A sled waits for all of their CRCs, so that few are better; but each sled costs a
/// request and its filler, so that thousands of headers need larger ones.
const FIRST_SLOTS: usize = 64;
const MAX_SLOTS: usize = 256;

/// A part's worth of bytes that end where a header ends.
pub struct Slot {
    /// The sled's number among the temporary objects.
    pub sled: usize,
    /// The range to copy: as many bytes as the smallest part has.
    pub range: Range<u64>,
}

/// Fills sleds, one after the other.
pub struct Sleds {
    min_part: u64,
    open: Option<Sled>,
    max_slots: usize,
}

struct Sled {
    number: usize,
    pieces: Vec<Piece>,
    bytes: u64,
    slots: usize,
}

impl Sleds {
    pub fn new(min_part: u64) -> Self {
        Self { min_part, open: None, max_slots: FIRST_SLOTS }
    }

    /// Adds `pieces` of together `bytes` and returns the range that ends with them. They are fewer than the smallest part
    /// has.
    pub fn add(&mut self, pieces: Vec<Piece>, bytes: u64, temporaries: &mut Vec<Object>) -> Slot {
        let full =
            |sled: &Sled| sled.slots >= self.max_slots || sled.bytes + bytes > self.min_part + MAX_PAYLOAD;
        if self.open.as_ref().is_some_and(full) {
            self.close(temporaries);
            self.max_slots = MAX_SLOTS.min(2 * self.max_slots);
        }
        let sled = self.open.get_or_insert_with(|| {
            // Its place is taken now, and filled when no header follows.
            temporaries.push(Object::Put(Vec::new()));
            let pieces = vec![Piece::Filler(self.min_part)];
            Sled { number: temporaries.len() - 1, pieces, bytes: self.min_part, slots: 0 }
        });
        sled.pieces.extend(pieces);
        sled.bytes += bytes;
        sled.slots += 1;
        Slot { sled: sled.number, range: sled.bytes - self.min_part..sled.bytes }
    }

    /// Ends the sled that is being filled.
    pub fn close(&mut self, temporaries: &mut [Object]) {
        if let Some(sled) = self.open.take() {
            temporaries[sled.number] = Object::Put(sled.pieces);
        }
    }
}
