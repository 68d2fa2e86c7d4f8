//! The pipeline: from an HTTP request through Kinesis and DynamoDB to a row in PostgreSQL. Every function may get a message
//! twice or in another order; the row is there once, with the times of the first arrival.

mod batch;
mod delivery;
mod fields;
mod image;
mod retry;
mod statements;
mod store;
mod sum;
mod table;

pub mod dead_letters;
pub mod downstream;
pub mod load_worker;
pub mod metrics;
pub mod midstream;
pub mod migrate;
pub mod tally;
pub mod upstream;
