//! An archive divided among functions, each of which sends its share of the parts.

use crate::Limits;
use crate::layout::Layout;
use crate::parts::PartSizes;
use crate::plan::Piece;

/// Functions that share an archive, where nobody says how many.
pub const WORKERS: usize = 50;
/// Parts that a share has where it is large enough: one connection may carry less than a function's link.
const PARTS: u64 = 2;
/// The part behind the shares: the central directory.
const END: usize = 1;

/// How large shares and parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareSizes {
    /// The least that a share, and each of its parts, is to have, bytes: less is not worth an invocation. More than
    /// `whole` and S3's smallest part together, since a part is larger or smaller by `whole` at most.
    pub least: u64,
    /// The most that a part is to have, bytes.
    pub part: u64,
    /// Objects up to this size are not divided, bytes.
    pub whole: u64,
}

/// Consecutive parts of an archive that one function sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The first part's number, from 1.
    pub first_part: usize,
    /// What each part has. A header is followed by the start of its entry's content, in the same part.
    pub parts: Vec<Vec<Piece>>,
}

impl ShareSizes {
    /// For S3. The least is a second of a function's bandwidth, beside which the start of a function is little.
    pub const S3: Self = Self { least: 64 << 20, part: PartSizes::S3.part, whole: PartSizes::S3.whole };

    /// Divides an archive among up to `functions`, all about equally loaded. Together they have all of it but its end, which is
    /// one part more.
    #[must_use]
    pub fn divide(&self, layout: &Layout, functions: usize, limits: &Limits) -> Vec<Share> {
        let bytes = layout.size() - layout.end_bytes();
        let shares = (bytes / self.least).clamp(1, functions.max(1) as u64);
        let parts = self.parts_of_share(bytes / shares, shares, limits);
        let mut cut =
            Cut { bytes, shares, parts, next: 1, done: Vec::new(), share: Vec::new(), part: Vec::new() };
        for &entry in layout.order() {
            let size = layout.entries()[entry].size;
            let content = layout.offset(entry) + layout.header_bytes(entry);
            cut.entry(entry, layout.offset(entry), content..content + size, size <= self.whole);
        }
        cut.close_share();
        cut.done
    }

    /// Parts of each of so many shares of so many bytes.
    fn parts_of_share(&self, share: u64, shares: u64, limits: &Limits) -> u64 {
        let room = ((limits.max_parts - END) as u64 / shares).max(1);
        let parts = PARTS.min(share / self.least).max(share.div_ceil(self.part));
        parts.clamp(1, room)
    }
}

/// An archive that is being cut at equal distances, or at the ends of entries that lie nearest.
struct Cut {
    bytes: u64,
    shares: u64,
    /// Of each share.
    parts: u64,
    /// The next place to cut at, counted in parts.
    next: u64,
    done: Vec<Share>,
    share: Vec<Vec<Piece>>,
    part: Vec<Piece>,
}

impl Cut {
    /// Where to cut next, if it lies before `end`.
    fn before(&self, end: u64) -> Option<u64> {
        let all = self.shares * self.parts;
        let at = u128::from(self.bytes) * u128::from(self.next) / u128::from(all);
        (self.next < all && at < u128::from(end)).then(|| u64::try_from(at).unwrap_or(end))
    }

    /// Adds an entry whose header starts at `start`, and whose content lies in `content`.
    fn entry(&mut self, entry: usize, start: u64, content: std::ops::Range<u64>, is_whole: bool) {
        let end = content.end;
        let mut from = content.start;
        while let Some(at) = self.before(end) {
            if is_whole && at - start > (end - start) / 2 {
                break;
            }
            if !is_whole && at > content.start {
                self.content(entry, from - content.start..at - content.start);
                from = at;
            }
            self.close();
        }
        self.content(entry, from - content.start..end - content.start);
        while self.before(end + 1).is_some() {
            self.close();
        }
    }

    fn content(&mut self, entry: usize, range: std::ops::Range<u64>) {
        if range.start == 0 {
            self.part.push(Piece::Header(entry));
        }
        if !range.is_empty() {
            self.part.push(Piece::Body { entry, range });
        }
    }

    /// Ends a part, and the share if it was its last.
    fn close(&mut self) {
        self.close_part();
        if self.next.is_multiple_of(self.parts) {
            self.close_share();
        }
        self.next += 1;
    }

    fn close_part(&mut self) {
        if !self.part.is_empty() {
            self.share.push(std::mem::take(&mut self.part));
        }
    }

    fn close_share(&mut self) {
        self.close_part();
        let parts = std::mem::take(&mut self.share);
        if !parts.is_empty() {
            let first_part = self.done.last().map_or(1, |share| share.first_part + share.parts.len());
            self.done.push(Share { first_part, parts });
        }
    }
}

#[cfg(test)]
mod tests;
