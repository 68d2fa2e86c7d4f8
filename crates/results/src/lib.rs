//! The result schema, its statistics and its prices: what the functions write and the CLI reads.

pub mod aurora;
pub mod contest;
pub mod file;
pub mod histogram;
pub mod knee;
pub mod load;
pub mod pipeline;
pub mod prices;
pub mod report;
pub mod s3_read;
pub mod splitter;
pub mod stats;
pub mod summary;
