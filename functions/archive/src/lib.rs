//! The functions around the archive contest: check the source bucket, verify archives, clean up.

pub mod archive;
pub mod cleanup;
pub mod error;
pub mod preflight;
pub mod reader;
pub mod source;
#[cfg(test)]
mod testing;
pub mod verify;
pub mod zip;
