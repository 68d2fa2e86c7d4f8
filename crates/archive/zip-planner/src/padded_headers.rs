//! The objects whose ranges end at local headers.

use std::ops::Range;

use crate::plan::{Object, Piece};

/// Bytes of headers and contents behind one filler; such an object can only be sent when all of it is known.
pub const MAX_PAYLOAD: u64 = 8 << 20;
/// Headers of the first padded object and of any, and members of the first row and of any. It waits for all of their CRCs, so that few are better; but each costs a
/// request and its filler, so that thousands of headers need larger ones.
pub const FIRST_SLOTS: usize = 64;
pub const MAX_SLOTS: usize = 256;

/// A part's worth of bytes that end where a header ends.
pub struct Slot {
    /// The number of the padded object among the temporary objects.
    pub object: usize,
    /// The range to copy: as many bytes as the smallest part has.
    pub range: Range<u64>,
}

/// Fills padded objects, one after the other.
pub struct PaddedHeaders {
    min_part: u64,
    open: Option<PaddedObject>,
    max_slots: usize,
}

struct PaddedObject {
    number: usize,
    pieces: Vec<Piece>,
    bytes: u64,
    slots: usize,
}

impl PaddedHeaders {
    pub fn new(min_part: u64) -> Self {
        Self { min_part, open: None, max_slots: FIRST_SLOTS }
    }

    /// Adds `pieces` of together `bytes` and returns the range that ends with them. They are fewer than the smallest part
    /// has.
    pub fn add(&mut self, pieces: Vec<Piece>, bytes: u64, temporaries: &mut Vec<Object>) -> Slot {
        let full = |open: &PaddedObject| {
            open.slots >= self.max_slots || open.bytes + bytes > self.min_part + MAX_PAYLOAD
        };
        if self.open.as_ref().is_some_and(full) {
            self.close(temporaries);
            self.max_slots = MAX_SLOTS.min(2 * self.max_slots);
        }
        let open = self.open.get_or_insert_with(|| {
            // Its place is taken now, and filled when no header follows.
            temporaries.push(Object::Put(Vec::new()));
            let pieces = vec![Piece::Filler(self.min_part)];
            PaddedObject { number: temporaries.len() - 1, pieces, bytes: self.min_part, slots: 0 }
        });
        open.pieces.extend(pieces);
        open.bytes += bytes;
        open.slots += 1;
        Slot { object: open.number, range: open.bytes - self.min_part..open.bytes }
    }

    /// Ends the object that is being filled.
    pub fn close(&mut self, temporaries: &mut [Object]) {
        if let Some(open) = self.open.take() {
            temporaries[open.number] = Object::Put(open.pieces);
        }
    }
}
