//! The functions around the archive contest: check the source bucket, judge archives, score, sweep.

pub mod archive;
pub mod contest;
#[cfg(test)]
mod fixture;
pub mod flaw;
pub mod judge;
pub mod prepare;
pub mod reader;
pub mod score;
pub mod source;
pub mod sweep;
pub mod zip;
