//! Many small numbers that are much alike as JSON: base64 of a DEFLATE stream, so that a worker's report fits between two states.

use std::io::{Read, Write};

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Bytes as text.
pub fn pack(bytes: &[u8]) -> Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(STANDARD.encode(encoder.finish()?))
}

/// The bytes of such a text.
pub fn unpack(text: &str) -> Result<Vec<u8>> {
    let packed = STANDARD.decode(text)?;
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed.as_slice()).read_to_end(&mut bytes)?;
    Ok(bytes)
}
