//! Large objects side by side in one temporary object, each between its header and that of the entry that follows it.
//!
//! Between two of them lies a range of a padded object that has headers on both sides of its filler: it begins with the header that
//! follows the one, and ends with the header of the other. Whatever lies between the two makes it large enough for a part. So each
//! large object takes two copies, where a temporary object of its own takes four requests or five; but all that is in a row waits for
//! the slowest of it.

use std::ops::Range;

use crate::Limits;
use crate::layout::Layout;
use crate::padded_headers::{FIRST_SLOTS, MAX_PAYLOAD, MAX_SLOTS};
use crate::plan::{CopySource, Object, Part, Piece};

/// A large object in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The entry, whose content is large enough for a part.
    pub entry: usize,
    /// The entry whose header follows.
    pub follower: Option<usize>,
}

/// Where an entry's header and content, and the header of its follower, lie one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The row.
    pub source: CopySource,
    /// Its bytes.
    pub range: Range<u64>,
}

/// Puts members into rows, adds these and their padded headers to the temporary objects, and tells each member's place.
pub fn rows(
    layout: &Layout,
    limits: &Limits,
    members: &[Member],
    temporaries: &mut Vec<Object>,
) -> Vec<Place> {
    let (mut places, mut rest, mut most) = (Vec::with_capacity(members.len()), members, FIRST_SLOTS);
    while !rest.is_empty() {
        let (members, others) = rest.split_at(fitting(layout, limits, rest, most));
        let row = Row { layout, limits, members };
        places.extend(row.add(temporaries));
        (rest, most) = (others, MAX_SLOTS.min(2 * most));
    }
    places
}

/// The number of members that S3 has room for in one row, of `most` at most.
fn fitting(layout: &Layout, limits: &Limits, members: &[Member], most: usize) -> usize {
    let max_headers = MAX_PAYLOAD.min(limits.max_part - limits.min_part);
    let (mut headers, mut bytes, mut parts) = (0, 0, 1);
    let fits = |Member { entry, follower }: &&Member| {
        let size = layout.entries()[*entry].size;
        headers += layout.header_bytes(*entry) + follower.map_or(0, |entry| layout.header_bytes(entry));
        bytes += size + limits.min_part + max_headers;
        parts += 1 + size.div_ceil(limits.max_part);
        headers <= max_headers && bytes <= limits.max_object && parts <= limits.max_parts as u64
    };
    members.iter().take(most).take_while(fits).count().max(1)
}

struct Row<'a> {
    layout: &'a Layout,
    limits: &'a Limits,
    members: &'a [Member],
}

impl Row<'_> {
    fn add(&self, temporaries: &mut Vec<Object>) -> Vec<Place> {
        let (pieces, ranges) = self.padded_headers();
        let padded = CopySource::Temporary(temporaries.len());
        temporaries.push(Object::Put(pieces));
        let source = CopySource::Temporary(temporaries.len());
        let (mut parts, mut places, mut at) = (Vec::new(), Vec::new(), 0);
        for (Member { entry, follower }, range) in self.members.iter().zip(ranges) {
            at += range.end - range.start;
            parts.push(Part::Copy { source: padded, range });
            let size = self.layout.entries()[*entry].size;
            parts.extend(self.limits.copies(CopySource::Entry(*entry), 0..size));
            let start = at - self.layout.header_bytes(*entry);
            at += size;
            places.push(Place { source, range: start..at + self.header_bytes(*follower) });
        }
        // The last part may be small.
        let last = self.members.last().and_then(|member| member.follower);
        parts.extend(last.map(|follower| Part::Upload(vec![Piece::Header(follower)])));
        temporaries.push(Object::Parts(parts));
        places
    }

    /// The followers' headers, filler and the entries' headers; and of these the range before each member.
    fn padded_headers(&self) -> (Vec<Piece>, Vec<Range<u64>>) {
        let followers: Vec<_> = self.members.iter().map(|member| member.follower).collect();
        let before_filler = &followers[..followers.len() - 1];
        let mut pieces: Vec<_> = before_filler.iter().flatten().copied().map(Piece::Header).collect();
        pieces.push(Piece::Filler(self.limits.min_part));
        let mut end = self.layout.pieces_bytes(&pieces);
        let mut ranges = Vec::with_capacity(self.members.len());
        let mut follower_at = 0;
        for (number, Member { entry, .. }) in self.members.iter().enumerate() {
            pieces.push(Piece::Header(*entry));
            end += self.layout.header_bytes(*entry);
            let previous = number.checked_sub(1).and_then(|previous| followers[previous]);
            let start = if previous.is_some() { follower_at } else { end - self.limits.min_part };
            ranges.push(start..end);
            follower_at += self.header_bytes(previous);
        }
        (pieces, ranges)
    }

    fn header_bytes(&self, entry: Option<usize>) -> u64 {
        entry.map_or(0, |entry| self.layout.header_bytes(entry))
    }
}
