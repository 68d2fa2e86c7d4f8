//! The scenarios that `lambench run` knows, one module each.

pub mod archive;
pub mod aurora;
pub mod pipeline;
pub mod s3_read;
pub mod splitter;
