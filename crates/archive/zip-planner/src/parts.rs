//! An archive's bytes in parts that one function streams.

use crate::layout::Layout;
use crate::plan::Piece;

/// Parts under way at once: while one waits for S3's answer, others use the bandwidth.
pub const AT_ONCE: usize = 3;
/// Parts an upload may have, with a margin: S3 takes 10,000.
const PARTS: u64 = 9_000;

/// How large things are. Tests scale it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSizes {
    /// The most that a part has, bytes. Larger parts need fewer requests; one that fails is sent again as a whole.
    pub part: u64,
    /// Objects up to this size are not divided: their CRC can be computed before they are sent.
    pub whole: u64,
}

impl PartSizes {
    /// For S3.
    pub const S3: Self = Self { part: 256 << 20, whole: 16 << 20 };

    /// For an archive of so many bytes: S3 takes so many parts only.
    #[must_use]
    pub fn of(self, archive: u64) -> Self {
        Self { part: self.part.max(archive.div_ceil(PARTS)), ..self }
    }

    /// The most that part `number` has, counted from 0: those under way first are smaller, so that parts don't end, and leave
    /// the bandwidth unused, at the same time.
    fn of_part(self, number: usize) -> u64 {
        let at_once = AT_ONCE as u64;
        self.part * (number as u64 + 1).min(at_once) / at_once
    }
}

/// Cuts an archive into parts, one if it fits. All but the last are as large as they may be, less what didn't fit: a header,
/// or an object that is not divided.
#[must_use]
pub fn cut(layout: &Layout, sizes: PartSizes) -> Vec<Vec<Piece>> {
    let first = if layout.size() <= sizes.part { sizes.part } else { sizes.of_part(0) };
    let mut cut = Cut { sizes, parts: Vec::new(), part: Vec::new(), left: first };
    for &entry in layout.order() {
        let (header, size) = (layout.header_bytes(entry), layout.entries()[entry].size);
        let together = header + if size <= sizes.whole { size } else { 0 };
        if together > cut.left {
            cut.close();
        }
        cut.left -= header.min(cut.left);
        cut.part.push(Piece::Header(entry));
        let mut start = 0;
        while start < size {
            if cut.left == 0 {
                cut.close();
            }
            let end = size.min(start + cut.left);
            cut.left -= end - start;
            cut.part.push(Piece::Body { entry, range: start..end });
            start = end;
        }
    }
    cut.part.push(Piece::End);
    cut.close();
    cut.parts
}

struct Cut {
    sizes: PartSizes,
    parts: Vec<Vec<Piece>>,
    part: Vec<Piece>,
    left: u64,
}

impl Cut {
    fn close(&mut self) {
        if !self.part.is_empty() {
            self.parts.push(std::mem::take(&mut self.part));
        }
        self.left = self.sizes.of_part(self.parts.len());
    }
}

#[cfg(test)]
mod tests {
    use crate::{Entry, Limits};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn layout(sizes: &[u64]) -> Layout {
        let entry = |(n, &size): (usize, &u64)| {
            let name = format!("{n:08}");
            Entry { key: name.clone(), name, size }
        };
        let entries: Vec<_> = sizes.iter().enumerate().map(entry).collect();
        let order = (0..entries.len()).collect();
        Layout::new(entries, order, &Limits::S3).unwrap()
    }

    proptest! {
        #[test]
        fn parts_hold_the_archive_in_order_and_small_objects_whole(sizes in vec(0_u64..5_000, 0..60)) {
            let (layout, max) = (layout(&sizes), PartSizes { part: 2_000, whole: 500 });
            let parts = cut(&layout, max);
            let total: u64 = parts.iter().map(|part| layout.pieces_bytes(part)).sum();
            prop_assert_eq!(total, layout.size());
            let mut at = vec![0; sizes.len()];
            for piece in parts.iter().flatten() {
                if let Piece::Body { entry, range } = piece {
                    prop_assert_eq!(range.start, at[*entry], "in order");
                    prop_assert!(sizes[*entry] > max.whole || *range == (0..sizes[*entry]));
                    at[*entry] = range.end;
                }
            }
            prop_assert_eq!(at, sizes);
            prop_assert!(parts.len() == 1 || layout.size() > max.part);
            for (number, part) in parts.iter().enumerate().rev().skip(1) {
                let (bytes, most) = (layout.pieces_bytes(part), max.of_part(number));
                prop_assert!(bytes <= most && bytes > most - max.whole - 100, "{}", bytes);
            }
        }
    }

    #[test]
    fn s3_takes_the_parts_of_any_archive() {
        for size in [0, 1 << 30, 15 << 30, 5 << 40] {
            let sizes = PartSizes::S3.of(size);
            assert!(size / (sizes.part - sizes.whole - (1 << 16)) + AT_ONCE as u64 <= 10_000, "{size}");
            assert!(sizes.of_part(0) - sizes.whole >= 5 << 20 && sizes.part < 5 << 30, "{size}");
        }
        assert_eq!(PartSizes::S3.of(15 << 30), PartSizes::S3);
    }
}
