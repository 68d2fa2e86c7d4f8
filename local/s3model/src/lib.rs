//! A local S3: S3's protocol, rules, latency, bandwidth and limits, with faults on request.

pub mod admin;
pub mod counters;
pub mod faults;
pub mod gate;
pub mod limits;
pub mod ops;
pub mod options;
pub mod profile;
pub mod random;
pub mod server;
pub mod time;
