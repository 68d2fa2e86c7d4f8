//! The functions around the archive contest: fill the source bucket, check it, judge archives, score, sweep.

pub mod archive;
pub mod content;
pub mod contest;
pub mod delete;
pub mod fill;
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
