//! MD5's compression (RFC 1321, 3.4), of one stream or of many side by side.

use std::array::from_fn;
use std::num::Wrapping;
use std::ops::{Add, BitAnd, BitOr, BitXor, Not};

use wide::u32x4;

/// Bytes of a block.
pub const BLOCK: usize = 64;
/// Streams with a word each in a register: while one waits, the others go on.
const FEW: usize = 4;
/// Streams in vectors of four words, which every `x86_64` and arm64 processor has: while one waits, the other two go on.
/// Written as vectors, since whether the compiler makes any of plain numbers depends on the processor it compiles for.
pub const MOST: usize = VECTORS * WORDS;
const VECTORS: usize = 3;
const WORDS: usize = 4;
/// From so many streams on the vectors are faster, though some of their lanes are idle.
const MANY: usize = 7;

/// What is carried from block to block.
pub type State = [u32; 4];

/// The state before the first block.
pub const START: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// A word of each of some streams.
trait Word:
    Copy
    + Add<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    /// How many streams.
    const STREAMS: usize;

    fn new(word_of: impl Fn(usize) -> u32) -> Self;
    fn of(&self, stream: usize) -> u32;
    fn rotated(self, bits: u32) -> Self;
}

impl Word for Wrapping<u32> {
    const STREAMS: usize = 1;

    #[inline]
    fn new(word_of: impl Fn(usize) -> u32) -> Self {
        Self(word_of(0))
    }

    #[inline]
    fn of(&self, _: usize) -> u32 {
        self.0
    }

    #[inline]
    fn rotated(self, bits: u32) -> Self {
        Self(self.0.rotate_left(bits))
    }
}

impl Word for u32x4 {
    const STREAMS: usize = WORDS;

    #[inline]
    fn new(word_of: impl Fn(usize) -> u32) -> Self {
        Self::new(from_fn(word_of))
    }

    #[inline]
    fn of(&self, stream: usize) -> u32 {
        self.as_array()[stream]
    }

    #[inline]
    fn rotated(self, bits: u32) -> Self {
        (self << bits) | (self >> (32 - bits))
    }
}

/// A word of every stream.
type Words<W, const N: usize> = [W; N];

/// The whole part of 2^32 × |sin(i)|, for i from 1 to 64.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// By how many bits each step of a round rotates.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// How many of so many streams are best hashed at once.
pub fn best(streams: usize) -> usize {
    if streams >= MANY { streams.min(MOST) } else { streams.min(FEW) }
}

/// Hashes whole blocks of streams side by side, as many as are [`best`], until one of them has no more; returns how many
/// bytes of each.
pub fn hash(streams: &mut [(&mut State, &[u8])]) -> usize {
    match streams.len() {
        0 => 0,
        1 => side_by_side::<Wrapping<u32>, 1, 1>(streams),
        2..=FEW => side_by_side::<Wrapping<u32>, FEW, FEW>(streams),
        _ => side_by_side::<u32x4, VECTORS, MOST>(streams),
    }
}

/// `N` words have the words of `L` streams.
fn side_by_side<W: Word, const N: usize, const L: usize>(streams: &mut [(&mut State, &[u8])]) -> usize {
    let length = streams.iter().map(|(_, bytes)| bytes.len() / BLOCK * BLOCK).min().unwrap_or_default();
    // A lane without a stream does the first one's work once more.
    let places: [usize; L] = from_fn(|lane| if lane < streams.len() { lane } else { 0 });
    let states = places.map(|place| *streams[place].0);
    let mut blocks = places.map(|place| streams[place].1[..length].as_chunks::<BLOCK>().0.iter());
    let mut state = from_fn(|word| collected::<W, N>(|stream| states[stream][word]));
    for _ in 0..length / BLOCK {
        let block =
            blocks.each_mut().map(|blocks| blocks.next().expect("all lanes have as many").as_chunks().0);
        let block = from_fn(|word| collected(|stream| u32::from_le_bytes(block[stream][word])));
        compress(&mut state, &block);
    }
    for (stream, (old, _)) in streams.iter_mut().enumerate() {
        **old = state.map(|words| words[stream / W::STREAMS].of(stream % W::STREAMS));
    }
    length
}

#[inline]
fn collected<W: Word, const N: usize>(word_of: impl Fn(usize) -> u32) -> Words<W, N> {
    from_fn(|place| W::new(|stream| word_of(place * W::STREAMS + stream)))
}

/// The sixteen steps of a round, written out: only then does the compiler keep the state in registers.
macro_rules! round {
    ($round:literal, $words:ident, $a:ident, $b:ident, $c:ident, $d:ident) => {
        round!(@ $round, 0, $words, $a, $b, $c, $d);
        round!(@ $round, 4, $words, $a, $b, $c, $d);
        round!(@ $round, 8, $words, $a, $b, $c, $d);
        round!(@ $round, 12, $words, $a, $b, $c, $d);
    };
    (@ $round:literal, $step:literal, $words:ident, $a:ident, $b:ident, $c:ident, $d:ident) => {
        $a = step::<W, N, $round>([$a, $b, $c, $d], $words, $step);
        $d = step::<W, N, $round>([$d, $a, $b, $c], $words, $step + 1);
        $c = step::<W, N, $round>([$c, $d, $a, $b], $words, $step + 2);
        $b = step::<W, N, $round>([$b, $c, $d, $a], $words, $step + 3);
    };
}

#[inline]
fn compress<W: Word, const N: usize>(state: &mut [Words<W, N>; 4], words: &[Words<W, N>; 16]) {
    let [mut a, mut b, mut c, mut d] = *state;
    round!(0, words, a, b, c, d);
    round!(1, words, a, b, c, d);
    round!(2, words, a, b, c, d);
    round!(3, words, a, b, c, d);
    for (old, new) in state.iter_mut().zip([a, b, c, d]) {
        *old = from_fn(|place| old[place] + new[place]);
    }
}

#[inline]
fn step<W: Word, const N: usize, const ROUND: usize>(
    [a, b, c, d]: [Words<W, N>; 4],
    words: &[Words<W, N>; 16],
    step: usize,
) -> Words<W, N> {
    let word = match ROUND {
        0 => step,
        1 => (5 * step + 1) % 16,
        2 => (3 * step + 5) % 16,
        _ => 7 * step % 16,
    };
    let (sine, rotation) = (W::new(|_| SINES[16 * ROUND + step]), ROTATIONS[ROUND][step % 4]);
    from_fn(|place| {
        let (b, c, d) = (b[place], c[place], d[place]);
        let mixed = match ROUND {
            0 => (b & c) | (!b & d),
            // The two halves have no bit in common; a sum waits for less than an `or` does.
            1 => (b & d) + (c & !d),
            2 => b ^ c ^ d,
            _ => c ^ (b | !d),
        };
        (a[place] + words[word][place] + sine + mixed).rotated(rotation) + b
    })
}
