//! A local S3: S3's protocol, rules, latency, bandwidth and limits, with faults on request.

pub mod ops;
pub mod options;
pub mod server;
