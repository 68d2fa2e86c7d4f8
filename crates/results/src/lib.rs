//! The result schema, its statistics and its prices: what the functions write and the CLI reads.

pub mod contest;
pub mod file;
pub mod histogram;
pub mod load;
pub mod prices;
pub mod stats;
pub mod summary;
