//! A local S3: S3's protocol, rules, latency, bandwidth and limits, with faults on request.

pub mod admin;
pub mod checksums;
pub mod counters;
pub mod credentials;
pub mod faults;
pub mod gate;
pub mod http_service;
pub mod limits;
pub mod ops;
pub mod options;
mod policy;
pub mod profile;
pub mod random;
mod request_head;
pub mod rules;
pub mod server;
pub mod store;
pub mod time;
pub mod tls;
mod xml;
