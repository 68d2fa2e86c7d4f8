//! MD5's compression (RFC 1321, 3.4), of one stream or of four.

/// Bytes of a block.
pub const BLOCK: usize = 64;
/// Lanes of a vector: 128 bits is what every `x86_64` and arm64 processor has.
pub const FOUR: usize = 4;

/// What is carried from block to block.
pub type State = [u32; 4];

/// The state before the first block.
pub const START: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// A value of each lane.
type Values<const L: usize> = [u32; L];
/// The state of each lane.
pub type Lanes<const L: usize> = [Values<L>; 4];

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

/// Hashes whole blocks of streams side by side, until one of them has no more; returns how many bytes of each.
pub fn hash(streams: &mut [(&mut State, &[u8])]) -> usize {
    let length = streams.iter().map(|(_, bytes)| bytes.len() / BLOCK * BLOCK).min().unwrap_or_default();
    if let [(state, bytes)] = streams {
        [**state] = compressed([**state], [&bytes[..length]]);
    } else if !streams.is_empty() {
        // A lane without a stream does the first one's work once more.
        let places: [usize; FOUR] = std::array::from_fn(|lane| if lane < streams.len() { lane } else { 0 });
        let states = places.map(|place| *streams[place].0);
        let states = compressed(states, places.map(|place| &streams[place].1[..length]));
        for (place, state) in places.into_iter().zip(states) {
            *streams[place].0 = state;
        }
    }
    length
}

/// The states after blocks, as many in each lane.
fn compressed<const L: usize>(states: [State; L], data: [&[u8]; L]) -> [State; L] {
    let mut lanes: Lanes<L> = std::array::from_fn(|word| states.map(|state| state[word]));
    let mut blocks = data.map(|bytes| bytes.as_chunks::<BLOCK>().0.iter());
    for _ in 0..data[0].len() / BLOCK {
        let block = blocks.each_mut().map(|blocks| blocks.next().expect("all lanes have as many"));
        compress(&mut lanes, &words(block));
    }
    std::array::from_fn(|lane| std::array::from_fn(|word| lanes[word][lane]))
}

/// The words of a block of each lane.
#[inline]
fn words<const L: usize>(blocks: [&[u8; BLOCK]; L]) -> [Values<L>; 16] {
    let mut words = [[0; L]; 16];
    for (lane, block) in blocks.into_iter().enumerate() {
        for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
            word[lane] = u32::from_le_bytes(*bytes);
        }
    }
    words
}

/// The sixteen steps of a round, written out: only then does the compiler keep each word of all lanes in one vector.
macro_rules! round {
    ($round:literal, $words:ident, $a:ident, $b:ident, $c:ident, $d:ident) => {
        round!(@ $round, 0, $words, $a, $b, $c, $d);
        round!(@ $round, 4, $words, $a, $b, $c, $d);
        round!(@ $round, 8, $words, $a, $b, $c, $d);
        round!(@ $round, 12, $words, $a, $b, $c, $d);
    };
    (@ $round:literal, $step:literal, $words:ident, $a:ident, $b:ident, $c:ident, $d:ident) => {
        $a = step::<L, $round>([$a, $b, $c, $d], $words, $step);
        $d = step::<L, $round>([$d, $a, $b, $c], $words, $step + 1);
        $c = step::<L, $round>([$c, $d, $a, $b], $words, $step + 2);
        $b = step::<L, $round>([$b, $c, $d, $a], $words, $step + 3);
    };
}

#[inline]
fn compress<const L: usize>(lanes: &mut Lanes<L>, words: &[Values<L>; 16]) {
    let [mut a, mut b, mut c, mut d] = *lanes;
    round!(0, words, a, b, c, d);
    round!(1, words, a, b, c, d);
    round!(2, words, a, b, c, d);
    round!(3, words, a, b, c, d);
    *lanes = [sum(lanes[0], a), sum(lanes[1], b), sum(lanes[2], c), sum(lanes[3], d)];
}

fn sum<const L: usize>(mut one: Values<L>, other: Values<L>) -> Values<L> {
    for (one, other) in one.iter_mut().zip(other) {
        *one = one.wrapping_add(other);
    }
    one
}

#[inline]
fn step<const L: usize, const ROUND: usize>(
    [a, b, c, d]: Lanes<L>,
    words: &[Values<L>; 16],
    step: usize,
) -> Values<L> {
    let word = match ROUND {
        0 => step,
        1 => (5 * step + 1) % 16,
        2 => (3 * step + 5) % 16,
        _ => 7 * step % 16,
    };
    let (sine, rotation) = (SINES[16 * ROUND + step], ROTATIONS[ROUND][step % 4]);
    let mut next = [0; L];
    for lane in 0..L {
        let (b, c, d) = (b[lane], c[lane], d[lane]);
        let mixed = match ROUND {
            0 => (b & c) | (!b & d),
            // The two halves have no bit in common; a sum waits for less than an `or` does.
            1 => (b & d).wrapping_add(c & !d),
            2 => b ^ c ^ d,
            _ => c ^ (b | !d),
        };
        let sum = a[lane].wrapping_add(words[word][lane]).wrapping_add(sine).wrapping_add(mixed);
        next[lane] = sum.rotate_left(rotation).wrapping_add(b);
    }
    next
}
