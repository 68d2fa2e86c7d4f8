//! The bytes of an object: references to ranges of chunks, so that a copy costs no bytes.

use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};
use std::{io, iter};

use super::blob::Blob;
use crate::checksums::{BLOCK, CrcJoin, Crcs};

/// The bytes of one body as they were written. Their space is given back when the last reference to them goes.
#[derive(Debug)]
pub struct Chunk {
    /// Where they are.
    pub blob: Arc<Blob>,
    /// First byte in the blob.
    pub at: u64,
    /// Bytes.
    pub len: u64,
    /// The CRCs of each [`BLOCK`] of it.
    pub blocks: Box<[Crcs]>,
    /// The CRCs of its first blocks, by how many; made when they are first asked for.
    heads: OnceLock<Box<[Crcs]>>,
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.blob.release(self.at..self.at + self.len);
    }
}

impl Chunk {
    /// Of `len` bytes in `blob` from `at`.
    #[must_use]
    pub fn new(blob: Arc<Blob>, at: u64, len: u64, blocks: Box<[Crcs]>) -> Self {
        blob.refer(len);
        Self { blob, at, len, blocks, heads: OnceLock::new() }
    }

    /// Appends the CRCs of a range, by those of its blocks, reading what is in part of a block.
    fn join(&self, range: Range<u64>, join: &mut CrcJoin) -> io::Result<()> {
        let block = BLOCK as u64;
        let first = range.start.next_multiple_of(block).min(range.end);
        let last = if range.end == self.len { range.end } else { range.end / block * block }.max(first);
        self.push_read(range.start..first, join)?;
        if last > first {
            let len = last - first;
            let crcs = match first / block {
                0 => self.head(last.div_ceil(block)),
                before => self.head(last.div_ceil(block)).without(self.head(before), len),
            };
            join.push(crcs, len);
        }
        self.push_read(last..range.end, join)
    }

    fn push_read(&self, range: Range<u64>, join: &mut CrcJoin) -> io::Result<()> {
        if !range.is_empty() {
            let len = range.end - range.start;
            join.push(self.read_crcs(range)?, len);
        }
        Ok(())
    }

    /// The CRCs of the first `blocks` blocks.
    fn head(&self, blocks: u64) -> Crcs {
        let heads = self.heads.get_or_init(|| {
            let mut join = CrcJoin::default();
            let lens = (0..).map(|index| (self.len - index * BLOCK as u64).min(BLOCK as u64));
            let heads = self.blocks.iter().zip(lens).map(|(crcs, len)| {
                join.push(*crcs, len);
                join.finish()
            });
            iter::once(Crcs::default()).chain(heads).collect()
        });
        heads[usize::try_from(blocks).unwrap_or(usize::MAX)]
    }

    fn read_crcs(&self, range: Range<u64>) -> io::Result<Crcs> {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        self.blob.file()?.read_exact_at(&mut bytes, self.at + range.start)?;
        Ok(Crcs::of(&bytes))
    }
}

/// A range of a chunk.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Whose bytes.
    pub chunk: Arc<Chunk>,
    /// First byte in the chunk.
    pub start: u64,
    /// Bytes, never none.
    pub len: u64,
}

impl Extent {
    fn is_cut_inside_a_block(&self) -> bool {
        let block = BLOCK as u64;
        let end = self.start + self.len;
        !self.start.is_multiple_of(block) || !(end.is_multiple_of(block) || end == self.chunk.len)
    }
}

/// The bytes of an object or part. Copies of the whole share the list.
#[derive(Clone, Debug)]
pub struct Rope {
    extents: Arc<[Extent]>,
    len: u64,
}

impl Rope {
    /// Of these ranges one after the other.
    #[must_use]
    pub fn new(extents: impl IntoIterator<Item = Extent>) -> Self {
        let extents: Arc<[_]> = extents.into_iter().filter(|extent| extent.len > 0).collect();
        Self { len: extents.iter().map(|extent| extent.len).sum(), extents }
    }

    /// Of all bytes of a chunk.
    #[must_use]
    pub fn of_chunk(chunk: Arc<Chunk>) -> Self {
        let len = chunk.len;
        Self::new([Extent { chunk, start: 0, len }])
    }

    /// All bytes of `ropes` one after the other.
    #[must_use]
    pub fn concat<'a>(ropes: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::new(ropes.into_iter().flat_map(|rope| rope.extents.iter().cloned()))
    }

    /// Bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ranges in their order.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// Where the list is: the same for two ropes if one is a copy of the other.
    #[must_use]
    pub fn identity(&self) -> usize {
        self.extents.as_ptr().addr()
    }

    /// The bytes in `range`, which must not reach beyond the end.
    #[must_use]
    pub fn slice(&self, range: Range<u64>) -> Self {
        if range == (0..self.len) {
            return self.clone();
        }
        let mut extents = Vec::new();
        let mut offset = 0;
        for extent in &*self.extents {
            let end = offset + extent.len;
            let (from, to) = (range.start.max(offset), range.end.min(end));
            if from < to {
                let start = extent.start + (from - offset);
                extents.push(Extent { chunk: Arc::clone(&extent.chunk), start, len: to - from });
            }
            offset = end;
        }
        Self::new(extents)
    }

    /// Whether [`Rope::crcs`] reads no bytes.
    #[must_use]
    pub fn has_known_crcs(&self) -> bool {
        !self.extents.iter().any(Extent::is_cut_inside_a_block)
    }

    /// The CRCs of all bytes, by those of the blocks; reads two blocks a range at most.
    ///
    /// # Errors
    /// When a blob cannot be read.
    pub fn crcs(&self) -> io::Result<Crcs> {
        let mut join = CrcJoin::default();
        for extent in &*self.extents {
            extent.chunk.join(extent.start..extent.start + extent.len, &mut join)?;
        }
        Ok(join.finish())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::store::testing::{bytes_of, rope_of, store};

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn slices_and_joins_have_the_bytes_and_crcs_of_what_they_are_made_of(
            lens in proptest::collection::vec(0..3 * BLOCK, 1..4),
            cuts: [Index; 2],
        ) {
            let (_folder, store) = store();
            let bodies: Vec<_> = lens.into_iter().map(content).collect();
            let ropes: Vec<_> = bodies.iter().map(|body| rope_of(&store, body)).collect();
            let (rope, bytes) = (Rope::concat(&ropes), bodies.concat());
            prop_assert_eq!(rope.crcs().unwrap(), Crcs::of(&bytes));
            prop_assert!(rope.has_known_crcs());
            let mut cuts = cuts.map(|cut| cut.index(bytes.len() + 1));
            cuts.sort_unstable();
            let slice = rope.slice(cuts[0] as u64..cuts[1] as u64);
            prop_assert_eq!(bytes_of(&slice), &bytes[cuts[0]..cuts[1]]);
            prop_assert_eq!(slice.crcs().unwrap(), Crcs::of(&bytes[cuts[0]..cuts[1]]));
        }
    }

    #[test]
    fn a_copy_of_the_whole_shares_the_list() {
        let (_folder, store) = store();
        let rope = Rope::concat(&[rope_of(&store, b"one"), rope_of(&store, b"two")]);
        assert_eq!(rope.slice(0..6).identity(), rope.identity());
        assert_ne!(rope.slice(0..5).identity(), rope.identity());
    }
}
