//! A local S3: S3's protocol, rules, latency, bandwidth and limits, with faults on request.

pub mod admin;
pub mod checksums;
pub mod counters;
pub mod credentials;
mod early;
pub mod faults;
pub mod front;
pub mod gate;
pub mod limits;
pub mod ops;
pub mod options;
mod policy;
pub mod profile;
pub mod random;
pub mod rules;
pub mod server;
pub mod store;
pub mod time;
pub mod tls;
