//! The archive's bytes in parts.

use zip_plan::{Layout, Piece};

/// Larger parts need fewer requests; one that fails is sent again as a whole.
const PART_BYTES: u64 = 192 << 20;
/// Parts under way at once: while one waits for S3's answer, others use the bandwidth.
pub const AT_ONCE: usize = 3;
/// Parts an upload may have, with a margin: S3 takes 10,000.
const PARTS: u64 = 9_000;
/// Objects up to this size are not divided: their CRC can be computed before they are sent.
pub const MAX_WHOLE: u64 = 16 << 20;

/// The most that an archive's parts have, bytes.
pub fn part_bytes(archive: u64) -> u64 {
    PART_BYTES.max(archive.div_ceil(PARTS))
}

/// Cuts an archive into parts of at most `part_bytes`, or a fraction for those under way first, so that parts don't end, and
/// leave the bandwidth unused, at the same time. All but the last have that size less what didn't fit: a header, or an object
/// that is not divided.
pub fn cut(layout: &Layout, part_bytes: u64, max_whole: u64) -> Vec<Vec<Piece>> {
    let first = if layout.size() <= part_bytes { part_bytes } else { size_of(0, part_bytes) };
    let mut cut = Cut { part_bytes, parts: Vec::new(), part: Vec::new(), left: first };
    for &entry in layout.order() {
        let (header, size) = (layout.header_bytes(entry), layout.entries()[entry].size);
        let together = header + if size <= max_whole { size } else { 0 };
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

/// The size that part `number`, counted from 0, has about, bytes.
fn size_of(number: usize, part_bytes: u64) -> u64 {
    let at_once = AT_ONCE as u64;
    part_bytes * (number as u64 + 1).min(at_once) / at_once
}

struct Cut {
    part_bytes: u64,
    parts: Vec<Vec<Piece>>,
    part: Vec<Piece>,
    left: u64,
}

impl Cut {
    fn close(&mut self) {
        if !self.part.is_empty() {
            self.parts.push(std::mem::take(&mut self.part));
        }
        self.left = size_of(self.parts.len(), self.part_bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use zip_plan::{Entry, Limits};

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
            let (layout, part_bytes, max_whole) = (layout(&sizes), 2_000, 500);
            let parts = cut(&layout, part_bytes, max_whole);
            let total: u64 = parts.iter().map(|part| layout.pieces_bytes(part)).sum();
            prop_assert_eq!(total, layout.size());
            let mut at = vec![0; sizes.len()];
            for piece in parts.iter().flatten() {
                if let Piece::Body { entry, range } = piece {
                    prop_assert_eq!(range.start, at[*entry], "in order");
                    prop_assert!(sizes[*entry] > max_whole || *range == (0..sizes[*entry]));
                    at[*entry] = range.end;
                }
            }
            prop_assert_eq!(at, sizes);
            prop_assert!(parts.len() == 1 || layout.size() > part_bytes);
            for (number, part) in parts.iter().enumerate().rev().skip(1) {
                let (bytes, most) = (layout.pieces_bytes(part), size_of(number, part_bytes));
                prop_assert!(bytes <= most && bytes > most - max_whole - 100, "{}", bytes);
            }
        }
    }

    #[test]
    fn s3_takes_the_parts_of_any_archive() {
        for size in [0, 1 << 30, 15 << 30, 5 << 40] {
            assert!(size / (part_bytes(size) - MAX_WHOLE - (1 << 16)) < 10_000, "{size}");
        }
        assert!(part_bytes(15 << 30) == PART_BYTES && part_bytes(5 << 40) < 5 << 30);
    }
}
