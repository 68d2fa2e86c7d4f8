//! Checksums as S3 has them: which there are, of a whole object or of its parts, verified when a client sends one.

mod crc;
mod digests;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::Digest;

pub use crc::{CrcHasher, CrcJoin, Crcs};
pub use digests::{BLOCK, Digests, Hasher, join_blocks};

/// What a checksum is computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// CRC-32 as in ZIP.
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME, S3's own choice when the client makes none.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// S3's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The algorithm of S3's name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256]
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Bytes of a value.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Whether values of pieces can be joined to that of the whole.
    #[must_use]
    pub const fn is_crc(self) -> bool {
        matches!(self, Self::Crc32 | Self::Crc32c | Self::Crc64Nvme)
    }
}

/// What the checksum of an object made of parts covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coverage {
    /// All bytes.
    FullObject,
    /// The checksums of the parts, one after the other.
    Composite,
}

impl Coverage {
    /// S3's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

/// The checksum of an object or a part as S3 shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// What it is computed with.
    pub algorithm: Algorithm,
    /// What it covers.
    pub coverage: Coverage,
    /// In Base64; with `-` and the number of parts if it is composite.
    pub value: String,
}

impl Checksum {
    /// Of all bytes, by their CRCs; none if `algorithm` is no CRC.
    #[must_use]
    pub fn of_crcs(algorithm: Algorithm, crcs: Crcs) -> Option<Self> {
        let value = match algorithm {
            Algorithm::Crc32 => BASE64_STANDARD.encode(crcs.crc32.to_be_bytes()),
            Algorithm::Crc32c => BASE64_STANDARD.encode(crcs.crc32c.to_be_bytes()),
            Algorithm::Crc64Nvme => BASE64_STANDARD.encode(crcs.crc64nvme.to_be_bytes()),
            Algorithm::Sha1 | Algorithm::Sha256 => return None,
        };
        Some(Self { algorithm, coverage: Coverage::FullObject, value })
    }

    /// Of the checksums of parts; none if one of them is no Base64.
    #[must_use]
    pub fn of_parts<'a>(algorithm: Algorithm, parts: impl ExactSizeIterator<Item = &'a str>) -> Option<Self> {
        let count = parts.len();
        let values: Vec<_> =
            parts.map(|value| BASE64_STANDARD.decode(value)).collect::<Result<_, _>>().ok()?;
        let bytes = values.concat();
        let hash = match algorithm {
            Algorithm::Sha1 => BASE64_STANDARD.encode(sha1::Sha1::digest(&bytes)),
            Algorithm::Sha256 => BASE64_STANDARD.encode(sha2::Sha256::digest(&bytes)),
            crc => Self::of_crcs(crc, Crcs::of(&bytes))?.value,
        };
        Some(Self { algorithm, coverage: Coverage::Composite, value: format!("{hash}-{count}") })
    }

    /// The CRC in it, alone in otherwise zero CRCs, so that it can be joined; none if it is no CRC of all bytes.
    #[must_use]
    pub fn to_crcs(&self) -> Option<Crcs> {
        if self.coverage == Coverage::Composite {
            return None;
        }
        let bytes = BASE64_STANDARD.decode(&self.value).ok()?;
        let mut crcs = Crcs::default();
        match self.algorithm {
            Algorithm::Crc32 => crcs.crc32 = u32::from_be_bytes(bytes.try_into().ok()?),
            Algorithm::Crc32c => crcs.crc32c = u32::from_be_bytes(bytes.try_into().ok()?),
            Algorithm::Crc64Nvme => crcs.crc64nvme = u64::from_be_bytes(bytes.try_into().ok()?),
            Algorithm::Sha1 | Algorithm::Sha256 => return None,
        }
        Some(crcs)
    }
}

/// Whether `value` could be one of `algorithm`: Base64 of the right length.
#[must_use]
pub fn is_well_formed(algorithm: Algorithm, value: &str) -> bool {
    BASE64_STANDARD.decode(value).is_ok_and(|bytes| bytes.len() == algorithm.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composite_checksum_covers_the_parts_checksums() {
        let parts = ["NhCmhg==", "oTkJPQ=="];
        let mut bytes = BASE64_STANDARD.decode(parts[0]).unwrap();
        bytes.extend(BASE64_STANDARD.decode(parts[1]).unwrap());
        let expected = BASE64_STANDARD.encode(Crcs::of(&bytes).crc32.to_be_bytes());
        let composite = Checksum::of_parts(Algorithm::Crc32, parts.into_iter()).unwrap();
        assert_eq!(composite.value, format!("{expected}-2"));
        assert_eq!(composite.to_crcs(), None);
    }

    #[test]
    fn a_value_that_cannot_be_one_is_known_as_such() {
        assert!(is_well_formed(Algorithm::Crc32, "NhCmhg=="));
        assert!(!is_well_formed(Algorithm::Crc64Nvme, "NhCmhg=="));
        assert!(!is_well_formed(Algorithm::Crc32, "not base64"));
    }
}
