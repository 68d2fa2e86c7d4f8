//! What objects are hashed with.

use std::fmt::Write;

use bytes::Bytes;
use multi_buffer_md5::{Md5, Pool};
use protocol::s3_read::HashAlgorithm;
use sha2::{Digest, Sha256};
use tokio::task::yield_now;

/// Where hashes start: those that are under way at the same time help each other.
#[derive(Debug, Clone)]
pub struct Hashing {
    algorithm: HashAlgorithm,
    pool: Pool,
}

impl Hashing {
    /// By an algorithm.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self { algorithm, pool: Pool::default() }
    }

    /// With what it hashes.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// A hash of nothing so far.
    #[must_use]
    pub fn start(&self) -> Hasher {
        match self.algorithm {
            HashAlgorithm::Md5 => Hasher::Md5(self.pool.start()),
            HashAlgorithm::Crc32 => Hasher::Crc32(crc32fast::Hasher::new()),
            HashAlgorithm::Sha256 => Hasher::Sha256(Sha256::new()),
        }
    }
}

/// A hash under way.
#[derive(Debug)]
pub enum Hasher {
    /// Of MD5.
    Md5(Md5),
    /// Of CRC-32.
    Crc32(crc32fast::Hasher),
    /// Of SHA-256.
    Sha256(Sha256),
}

impl Hasher {
    /// Goes on with these bytes.
    pub async fn update(&mut self, bytes: Bytes) {
        match self {
            Self::Md5(hasher) => {
                if hasher.update(bytes) {
                    // The others' turn to read.
                    yield_now().await;
                }
            }
            Self::Crc32(hasher) => hasher.update(&bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// Lowercase hexadecimal digits.
    #[must_use]
    pub fn finish(self) -> String {
        match self {
            Self::Md5(hasher) => hex(&hasher.finish()),
            Self::Crc32(hasher) => hex(&hasher.finalize().to_be_bytes()),
            Self::Sha256(hasher) => hex(&hasher.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::UnknownName;

    use super::*;

    #[tokio::test]
    async fn hashes_are_what_every_other_tool_says() {
        for (name, attribute, expected) in [
            ("md5", "Md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("crc32", "Crc32", "352441c2"),
            ("sha256", "Sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let algorithm: HashAlgorithm = name.parse().unwrap();
            let mut hasher = Hashing::new(algorithm).start();
            hasher.update(Bytes::from_static(b"a")).await;
            hasher.update(Bytes::from_static(b"bc")).await;
            assert_eq!((algorithm.attribute(), hasher.finish().as_str()), (attribute, expected));
        }
        assert_eq!("sha1".parse::<HashAlgorithm>(), Err(UnknownName));
    }
}
