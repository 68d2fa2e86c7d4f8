//! The three CRCs of S3, computed together and joined without the bytes.
//!
//! The CRC of two pieces of data is `crc(a) · x^(8·len(b)) + crc(b)` in the ring of polynomials over GF(2) modulo the CRC's
//! polynomial (Mark Adler's method in zlib's `crc32_combine`). It holds for these CRCs because each begins with all ones and
//! ends inverted.

use crc_fast::{CrcAlgorithm, Digest};

/// CRC-32, CRC-32C and CRC-64/NVME of the same bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crcs {
    /// CRC-32 as in ZIP (`CRC32` in S3).
    pub crc32: u32,
    /// CRC-32C (Castagnoli).
    pub crc32c: u32,
    /// CRC-64/NVME.
    pub crc64nvme: u64,
}

impl Crcs {
    /// Bytes of one in [`Crcs::to_bytes`].
    pub const BYTES: usize = 16;

    /// The CRCs of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = CrcHasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Big-endian, one after the other.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&self.crc32.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.crc32c.to_be_bytes());
        bytes[8..].copy_from_slice(&self.crc64nvme.to_be_bytes());
        bytes
    }

    /// The reverse of [`Crcs::to_bytes`].
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let all = u128::from_be_bytes(bytes);
        #[expect(clippy::cast_possible_truncation, reason = "takes the number apart")]
        Self { crc32: (all >> 96) as u32, crc32c: (all >> 64) as u32, crc64nvme: all as u64 }
    }
}

impl Crcs {
    /// Those of the last `len` bytes, by those of the bytes before them: joining the other way round, since the field's
    /// addition is its subtraction.
    #[must_use]
    pub fn without(self, head: Self, len: u64) -> Self {
        let mut join = CrcJoin { crcs: head, last: None };
        join.push(self, len);
        join.finish()
    }
}

/// Computes [`Crcs`] as the bytes come.
pub struct CrcHasher([Digest; 3]);

impl CrcHasher {
    /// Of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Self([CrcAlgorithm::Crc32IsoHdlc, CrcAlgorithm::Crc32Iscsi, CrcAlgorithm::Crc64Nvme].map(Digest::new))
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|digest| digest.update(bytes));
    }

    /// The CRCs of all bytes so far.
    #[must_use]
    pub fn finish(&self) -> Crcs {
        let [crc32, crc32c, crc64nvme] = self.0.each_ref().map(Digest::finalize);
        #[expect(clippy::cast_possible_truncation, reason = "a 32-bit CRC in the low half")]
        Crcs { crc32: crc32 as u32, crc32c: crc32c as u32, crc64nvme }
    }
}

impl Default for CrcHasher {
    fn default() -> Self {
        Self::new()
    }
}

/// Joins the CRCs of pieces in the order of the pieces.
#[derive(Default)]
pub struct CrcJoin {
    crcs: Crcs,
    /// The length of the last piece and its shift: pieces are often of one length.
    last: Option<(u64, Shift)>,
}

impl CrcJoin {
    /// Appends a piece of `len` bytes.
    pub fn push(&mut self, piece: Crcs, len: u64) {
        let shift = match &self.last {
            Some((known, shift)) if *known == len => shift,
            _ => &self.last.insert((len, Shift::of(len))).1,
        };
        self.crcs = Crcs {
            crc32: low32(CRC32.times(shift.crc32, self.crcs.crc32.into())) ^ piece.crc32,
            crc32c: low32(CRC32C.times(shift.crc32c, self.crcs.crc32c.into())) ^ piece.crc32c,
            crc64nvme: CRC64NVME.times(shift.crc64nvme, self.crcs.crc64nvme) ^ piece.crc64nvme,
        };
    }

    /// The CRCs of all pieces one after the other.
    #[must_use]
    pub fn finish(&self) -> Crcs {
        self.crcs
    }
}

/// `x^(8·len)` modulo each polynomial.
struct Shift {
    crc32: u64,
    crc32c: u64,
    crc64nvme: u64,
}

impl Shift {
    fn of(len: u64) -> Self {
        Self { crc32: CRC32.shift(len), crc32c: CRC32C.shift(len), crc64nvme: CRC64NVME.shift(len) }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "polynomials of a 32-bit field fit")]
fn low32(value: u64) -> u32 {
    value as u32
}

/// Polynomials modulo the one of a CRC; the highest bit of the width is the coefficient of `x^0`.
struct Field {
    one: u64,
    polynomial: u64,
    /// `x^(8·2^i)`.
    powers: [u64; 64],
}

static CRC32: Field = Field::new(32, 0xEDB8_8320);
static CRC32C: Field = Field::new(32, 0x82F6_3B78);
static CRC64NVME: Field = Field::new(64, 0x9A6C_9329_AC4B_C9B5);

impl Field {
    const fn new(width: u32, polynomial: u64) -> Self {
        let one = 1 << (width - 1);
        let mut field = Self { one, polynomial, powers: [0; 64] };
        field.powers[0] = one >> 8;
        let mut i = 1;
        while i < 64 {
            field.powers[i] = field.times(field.powers[i - 1], field.powers[i - 1]);
            i += 1;
        }
        field
    }

    const fn times(&self, a: u64, mut b: u64) -> u64 {
        let mut product = 0;
        let mut bit = self.one;
        while bit != 0 {
            if a & bit != 0 {
                product ^= b;
            }
            b = (b >> 1) ^ (self.polynomial * (b & 1));
            bit >>= 1;
        }
        product
    }

    fn shift(&self, len: u64) -> u64 {
        (0..64).filter(|i| len >> i & 1 == 1).fold(self.one, |all, i| self.times(all, self.powers[i]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_crcs_are_those_of_the_catalogue() {
        let check = Crcs { crc32: 0xCBF4_3926, crc32c: 0xE306_9283, crc64nvme: 0xAE8B_1486_0A79_9888 };
        assert_eq!(Crcs::of(b"123456789"), check);
        assert_eq!(Crcs::from_bytes(check.to_bytes()), check);
    }

    #[test]
    fn a_piece_of_many_gigabytes_is_joined_as_its_halves_are() {
        let (piece, len) = (Crcs::of(b"piece"), 3 << 40);
        let mut whole = CrcJoin::default();
        whole.push(Crcs::of(b"first"), 5);
        let mut zeros = CrcJoin::default();
        (0..2).for_each(|_| zeros.push(piece, len));
        let (first, zeros) = (whole.finish(), zeros.finish());
        whole.push(zeros, 2 * len);
        let mut halves = CrcJoin::default();
        halves.push(first, 5);
        (0..2).for_each(|_| halves.push(piece, len));
        assert_eq!(halves.finish(), whole.finish());
    }

    proptest! {
        #[test]
        fn the_rest_of_a_whole_has_the_crcs_of_its_bytes(head: Vec<u8>, rest: Vec<u8>) {
            let whole = Crcs::of(&[head.as_slice(), &rest].concat());
            prop_assert_eq!(whole.without(Crcs::of(&head), rest.len() as u64), Crcs::of(&rest));
        }

        #[test]
        fn joined_pieces_have_the_crcs_of_the_whole(pieces: Vec<Vec<u8>>) {
            let mut join = CrcJoin::default();
            for piece in &pieces {
                join.push(Crcs::of(piece), piece.len() as u64);
            }
            prop_assert_eq!(join.finish(), Crcs::of(&pieces.concat()));
        }
    }
}
