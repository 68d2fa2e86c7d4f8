//! Contents, and what S3 says of them.

use std::sync::LazyLock;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use sha2::Sha256;

/// Bytes of a MiB.
pub const MIB: usize = 1024 * 1024;
/// Bytes of a GiB.
pub const GIB: usize = 1024 * MIB;
/// An `ETag` that no object has.
pub const OTHER: &str = "\"00000000000000000000000000000000\"";
/// The text that CRCs are compared by: reveng.sourceforge.io/crc-catalogue.
pub const CONTENT: &str = "123456789";
/// The CRC-32 of `CONTENT`: cbf43926.
pub const CRC32: &str = "y/Q5Jg==";
/// The CRC-32C of `CONTENT`: e3069283.
pub const CRC32C: &str = "4waSgw==";
/// The CRC-64/NVME of `CONTENT`: ae8b14860a799888.
pub const CRC64NVME: &str = "rosUhgp5mIg=";
/// The SHA-1 of `CONTENT`.
pub const SHA1: &str = "98O8HYCOBHMq32eZZczDTKeuNEE=";
/// The SHA-256 of `CONTENT`.
pub const SHA256: &str = "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=";
/// What a key may hold that a client or a server could take for something else.
pub const KEYS: [&str; 13] = [
    "a b",
    "a+b",
    "a%20b",
    "a%2Fb",
    "ü/ñ/日本/😀",
    "a//b",
    "folder/",
    "q?x=1&y=2#z",
    "it's \"<quoted>\" & 1",
    "~!*()'@:,;=$",
    "dot.",
    "..hidden",
    "tab\tin it",
];

/// The smallest part that may stand before another.
pub static PART: LazyLock<Bytes> = LazyLock::new(|| (0..=255).cycle().take(5 * MIB).collect());
/// Another one, which differs in every byte.
pub static OTHER_PART: LazyLock<Bytes> = LazyLock::new(|| (0..=255).rev().cycle().take(5 * MIB).collect());

/// Parts joined.
pub fn joined(parts: &[&[u8]]) -> Bytes {
    parts.concat().into()
}

/// The `ETag` of an object that was put in one request.
pub fn md5(content: impl AsRef<[u8]>) -> String {
    format!("\"{}\"", hexadecimal(&Md5::digest(content)))
}

/// The `ETag` of an object that was put together from parts: the MD5 of their MD5s, and how many they are.
pub fn multipart_etag(parts: &[&[u8]]) -> String {
    let digests: Vec<u8> = parts.iter().flat_map(Md5::digest).collect();
    format!("\"{}-{}\"", hexadecimal(&Md5::digest(digests)), parts.len())
}

/// The `ETag` of an object that was put together from parts with these `ETag`s.
pub fn etag_of_etags(etags: &[&str]) -> String {
    let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    let digest = |etag: &str| etag.trim_matches('"').as_bytes().chunks(2).map(byte).collect::<Vec<_>>();
    let digests: Vec<_> = etags.iter().flat_map(|etag| digest(etag)).collect();
    format!("\"{}-{}\"", hexadecimal(&Md5::digest(digests)), etags.len())
}

/// The SHA-256 of some bytes.
pub fn sha256(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

/// The CRC-32 of parts put together, as S3 writes it.
pub fn crc32(parts: &[&[u8]]) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    encoded(&hasher.finalize().to_be_bytes())
}

/// A checksum as S3 writes it.
pub fn encoded(digest: &[u8]) -> String {
    BASE64_STANDARD.encode(digest)
}

/// Bytes as S3 writes them in signatures and `ETag`s.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The body of an answer.
pub async fn content(answer: GetObjectOutput) -> Bytes {
    answer.body.collect().await.unwrap().into_bytes()
}

/// Checks that large contents are the same, without writing them out.
#[track_caller]
pub fn same(content: &[u8], expected: &[&[u8]]) {
    assert!(content == expected.concat(), "the content differs: {} bytes", content.len());
}
