//! What crosses between stack, functions and command: each type and each constant once, a module a scenario.
//!
//! A stack writes its part of the output `environment`, which the command reads; the command sends events and messages
//! that functions read, and functions answer what the command makes results of.

pub mod archive;
pub mod aurora;
pub mod decimal;
pub mod deployment;
pub mod fill_bucket;
pub mod histogram;
pub mod load_generator;
pub mod message_attributes;
pub mod pipeline;
pub mod run_log;
pub mod run_name;
pub mod s3_read;
pub mod splitter;
pub mod stats;
pub mod summary;
