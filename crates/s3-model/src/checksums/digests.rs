//! What is computed of a body on its way to the disk.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Algorithm, Checksum, Coverage, CrcHasher, CrcJoin, Crcs};

/// Bytes whose CRCs are kept, so that those of a range cost reading two blocks at most.
pub const BLOCK: usize = 1 << 20;

/// Computes [`Digests`] as the bytes come.
pub struct Hasher {
    sha: Option<Sha>,
    block: CrcHasher,
    block_len: usize,
    blocks: Vec<Crcs>,
    len: u64,
}

enum Sha {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    /// Computes `also` beside the CRCs, which every body gets.
    #[must_use]
    pub fn new(also: Option<Algorithm>) -> Self {
        let sha = match also {
            Some(Algorithm::Sha1) => Some(Sha::Sha1(Sha1::new())),
            Some(Algorithm::Sha256) => Some(Sha::Sha256(Sha256::new())),
            _ => None,
        };
        Self { sha, block: CrcHasher::new(), block_len: 0, blocks: Vec::new(), len: 0 }
    }

    /// Takes more bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len() as u64;
        match &mut self.sha {
            Some(Sha::Sha1(sha)) => sha.update(bytes),
            Some(Sha::Sha256(sha)) => sha.update(bytes),
            None => {}
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.block_len));
            self.block.update(now);
            self.block_len += now.len();
            bytes = later;
            if self.block_len == BLOCK {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        self.blocks.push(self.block.finish());
        self.block = CrcHasher::new();
        self.block_len = 0;
    }

    /// What all bytes came to.
    #[must_use]
    pub fn finish(mut self) -> Digests {
        if self.block_len > 0 {
            self.end_block();
        }
        let sha = self.sha.map(|sha| match sha {
            Sha::Sha1(sha) => (Algorithm::Sha1, BASE64_STANDARD.encode(sha.finalize())),
            Sha::Sha256(sha) => (Algorithm::Sha256, BASE64_STANDARD.encode(sha.finalize())),
        });
        Digests { sha, blocks: self.blocks.into(), len: self.len }
    }
}

/// What was computed of a body.
pub struct Digests {
    sha: Option<(Algorithm, String)>,
    /// The CRCs of each [`BLOCK`], the last may be shorter.
    pub blocks: Box<[Crcs]>,
    /// Bytes of the body.
    pub len: u64,
}

impl Digests {
    /// The checksum of the body.
    ///
    /// # Panics
    /// When `algorithm` is a hash that the [`Hasher`] was not made for.
    #[must_use]
    pub fn checksum(&self, algorithm: Algorithm) -> Checksum {
        Checksum::of_crcs(algorithm, join_blocks(&self.blocks, self.len)).unwrap_or_else(|| {
            let (known, value) = self.sha.as_ref().expect("the hasher was made for a hash");
            assert_eq!(*known, algorithm, "the hasher was made for another hash");
            Checksum { algorithm, coverage: Coverage::FullObject, value: value.clone() }
        })
    }
}

/// The CRCs of `len` bytes by those of their blocks.
#[must_use]
pub fn join_blocks(blocks: &[Crcs], len: u64) -> Crcs {
    let mut join = CrcJoin::default();
    let mut left = len;
    for block in blocks {
        let block_len = left.min(BLOCK as u64);
        join.push(*block, block_len);
        left -= block_len;
    }
    join.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_several_blocks_has_the_checksums_of_its_bytes() {
        let body: Vec<u8> = (0..2 * BLOCK + 5).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut hasher = Hasher::new(Some(Algorithm::Sha256));
        body.chunks(100_001).for_each(|piece| hasher.update(piece));
        let digests = hasher.finish();
        assert_eq!(digests.blocks.len(), 3);
        assert_eq!(
            Some(digests.checksum(Algorithm::Crc64Nvme)),
            Checksum::of_crcs(Algorithm::Crc64Nvme, Crcs::of(&body))
        );
        assert_eq!(digests.checksum(Algorithm::Sha256).value, BASE64_STANDARD.encode(Sha256::digest(&body)));
    }
}
