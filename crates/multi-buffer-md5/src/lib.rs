//! MD5 of several streams at once.
//!
//! Each step of MD5 needs the one before it, so a processor spends most of a stream's time waiting. Twelve streams side by side take
//! two and a half times as long as one: that is what a batch of objects is for. Written by hand for this: 0.31 s of CPU per GB with
//! twelve streams, where a loop over one after the other takes 1.48 (docs/scenarios/s3-read.md). But bytes come from the network
//! to one stream and then to another, hundreds of kilobytes at once: streams gather them until all have enough, or together too
//! many.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes, BytesMut};

mod lanes;

use lanes::{BLOCK, State};

/// A stream with so many bytes has enough for a turn.
const ENOUGH: usize = 32 * 1024;
/// With so many bytes for each stream, together they wait no longer: about what comes to one at once.
const MOST: usize = 256 * 1024;
/// A stream with fewer bytes is no help to another.
const FEW: usize = 4 * 1024;

/// Streams that are hashed together.
#[derive(Debug, Clone, Default)]
pub struct Pool(Arc<Mutex<Streams>>);

/// A stream of a pool; it leaves the pool when it is dropped.
#[derive(Debug)]
pub struct Md5 {
    pool: Pool,
    place: usize,
}

#[derive(Debug, Default)]
struct Streams(Vec<Option<Stream>>);

/// What is hashed of a stream, and what isn't yet.
#[derive(Debug)]
struct Stream {
    state: State,
    /// As they came from the network; the first has a whole block, unless there are no more.
    chunks: VecDeque<Bytes>,
    pending: usize,
    length: u64,
}

impl Pool {
    /// Another stream.
    #[must_use]
    pub fn start(&self) -> Md5 {
        let stream = Stream { state: lanes::START, chunks: VecDeque::new(), pending: 0, length: 0 };
        let place = self.with(|streams| {
            let free = streams.0.iter().position(Option::is_none);
            let place = free.unwrap_or(streams.0.len());
            streams.0.resize_with(streams.0.len().max(place + 1), || None);
            streams.0[place] = Some(stream);
            place
        });
        Md5 { pool: self.clone(), place }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Streams) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Md5 {
    /// Goes on with these bytes, at once or when other streams have some, too. Whether this stream has enough for a turn, but
    /// not the others: best read for them next.
    pub fn update(&mut self, bytes: Bytes) -> bool {
        self.pool.with(|streams| streams.add(self.place, bytes))
    }

    /// The hash.
    #[must_use]
    pub fn finish(self) -> [u8; 16] {
        self.pool.with(|streams| streams.finish(self.place))
    }
}

impl Drop for Md5 {
    fn drop(&mut self) {
        self.pool.with(|streams| streams.0[self.place] = None);
    }
}

impl Streams {
    /// Adds bytes to a stream, and hashes what needs no more waiting. Whether the stream has enough then, but not the others.
    fn add(&mut self, place: usize, bytes: Bytes) -> bool {
        if let Some(stream) = &mut self.0[place] {
            stream.add(bytes);
        }
        while let Some(fullest) = self.ripe() {
            self.hash(fullest);
        }
        self.pending(place) >= ENOUGH
    }

    /// The stream with most bytes, if all have enough, or together too many.
    fn ripe(&self) -> Option<usize> {
        let (mut streams, mut with_enough, mut bytes) = (0, 0, 0);
        for stream in self.0.iter().flatten() {
            streams += 1;
            with_enough += usize::from(stream.pending >= ENOUGH);
            bytes += stream.pending;
        }
        let enough = with_enough >= streams.min(lanes::MOST) && with_enough > 0;
        let is_ripe = enough || bytes >= streams.min(lanes::MOST) * MOST && bytes > 0;
        is_ripe.then(|| (0..self.0.len()).max_by_key(|place| self.pending(*place))).flatten()
    }

    fn finish(&mut self, place: usize) -> [u8; 16] {
        if let Some(stream) = &mut self.0[place] {
            stream.pad();
        }
        while self.pending(place) > 0 {
            self.hash(place);
        }
        let mut digest = [0; 16];
        if let Some(stream) = &self.0[place] {
            for (bytes, word) in digest.chunks_exact_mut(4).zip(stream.state) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
        }
        digest
    }

    fn pending(&self, place: usize) -> usize {
        self.0[place].as_ref().map_or(0, |stream| stream.pending)
    }

    /// Hashes blocks of a stream, and of those others that have most, until one of them has no more.
    fn hash(&mut self, place: usize) {
        let mut chosen: Vec<(usize, Stream)> = Vec::with_capacity(lanes::MOST);
        for place in self.most_pending(place) {
            chosen.extend(self.0[place].take().map(|stream| (place, stream)));
        }
        let mut turn: Vec<_> = chosen
            .iter_mut()
            .map(|(_, Stream { state, chunks, .. })| (state, chunks.front().map_or(&[][..], |chunk| chunk)))
            .collect();
        let hashed = lanes::hash(&mut turn);
        for (place, mut stream) in chosen {
            stream.advance(hashed);
            self.0[place] = Some(stream);
        }
    }

    /// A stream, and those others that have most to be hashed.
    fn most_pending(&self, first: usize) -> Vec<usize> {
        let mut others: Vec<_> =
            (0..self.0.len()).filter(|place| *place != first && self.pending(*place) >= FEW).collect();
        others.sort_by_key(|place| Reverse(self.pending(*place)));
        others.insert(0, first);
        others.truncate(lanes::best(others.len()));
        others
    }
}

impl Stream {
    fn add(&mut self, bytes: Bytes) {
        self.length += bytes.len() as u64;
        self.append(bytes);
    }

    fn append(&mut self, bytes: Bytes) {
        self.pending += bytes.len();
        self.chunks.push_back(bytes);
        self.join();
    }

    /// So many bytes are hashed.
    fn advance(&mut self, hashed: usize) {
        self.pending -= hashed;
        if let Some(first) = self.chunks.front_mut() {
            first.advance(hashed);
        }
        self.chunks.pop_front_if(|first| first.is_empty());
        self.join();
    }

    /// Makes a block of the ends and the beginnings of chunks, where the first hasn't one.
    fn join(&mut self) {
        if self.chunks.len() < 2 || self.chunks[0].len() >= BLOCK {
            return;
        }
        let mut block = BytesMut::with_capacity(BLOCK);
        while let Some(mut chunk) = self.chunks.pop_front() {
            block.extend_from_slice(&chunk.split_to(chunk.len().min(BLOCK - block.len())));
            if !chunk.is_empty() {
                self.chunks.push_front(chunk);
                break;
            }
        }
        self.chunks.push_front(block.freeze());
    }

    /// Ends it as RFC 1321 says: a bit, zeros, and the length in bits, up to a whole block.
    fn pad(&mut self) {
        let length = size_of::<u64>();
        let zeros = BLOCK - (self.pending + 1 + length) % BLOCK;
        let mut end = BytesMut::zeroed(1 + zeros % BLOCK);
        end[0] = 0x80;
        end.extend_from_slice(&self.length.wrapping_mul(8).to_le_bytes());
        self.append(end.freeze());
    }
}

#[cfg(test)]
mod tests {
    use md5::Digest;
    use proptest::prelude::*;

    use super::*;

    fn expected(bytes: &[u8]) -> [u8; 16] {
        md5::Md5::digest(bytes).into()
    }

    fn bytes(length: usize, seed: usize) -> Bytes {
        (0..length).map(|index| u8::try_from((index * 31 + seed * 17) % 251).unwrap()).collect()
    }

    #[test]
    fn every_length_around_a_block_has_its_padding() {
        for length in 0..200 {
            let (pool, bytes) = (Pool::default(), bytes(length, 1));
            let mut stream = pool.start();
            stream.update(bytes.clone());
            assert_eq!(stream.finish(), expected(&bytes), "{length} bytes");
        }
    }

    #[test]
    fn a_stream_that_is_given_up_leaves_its_place_to_the_next() {
        let pool = Pool::default();
        let (mut kept, mut given_up) = (pool.start(), pool.start());
        kept.update(bytes(100_000, 1));
        given_up.update(bytes(100_000, 2));
        drop(given_up);
        let mut next = pool.start();
        next.update(bytes(70, 3));
        assert_eq!(next.finish(), expected(&bytes(70, 3)));
        assert_eq!(kept.finish(), expected(&bytes(100_000, 1)));
        assert_eq!(pool.with(|streams| streams.0.len()), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn streams_in_any_order_and_pieces_have_the_hashes_that_they_have_alone(
            lengths in proptest::collection::vec(0_usize..400_000, 1..16),
            pieces in proptest::collection::vec((0_usize..16, 1_usize..300_000), 0..80),
        ) {
            let contents: Vec<_> = lengths.iter().enumerate().map(|(seed, length)| bytes(*length, seed)).collect();
            let pool = Pool::default();
            let mut streams: Vec<_> = contents.iter().map(|bytes| (pool.start(), bytes.clone())).collect();
            for (which, length) in pieces {
                let count = streams.len();
                let (stream, left) = &mut streams[which % count];
                stream.update(left.split_to(length.min(left.len())));
            }
            for ((mut stream, left), bytes) in streams.into_iter().zip(&contents) {
                stream.update(left);
                prop_assert_eq!(stream.finish(), expected(bytes));
            }
        }
    }
}
