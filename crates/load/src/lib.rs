//! Generates an open loop of HTTP requests, each due at a time that is fixed in advance, and notes what becomes of each.
//!
//! Latencies count from when a request was due, however late a connection was free for it, so that a slow server doesn't
//! slow down the load and hide itself. It prints nothing: whoever starts a load asks its counters how far it is.

mod connection;
mod generator;
mod pacer;
mod packed;
mod plan;
mod request;
mod request_log;
mod schedule;
mod seconds;
mod signer;
mod statuses;
#[cfg(test)]
mod tests;
mod worker;

pub use generator::{Counters, GeneratedLoad, Load, RunningLoad, TIMEOUT, start};
pub use plan::{Numbers, Plan};
pub use request_log::{RequestLog, RequestStatus, StageLog, Throttled};
pub use schedule::{Schedule, Stage};
pub use seconds::{Event, Seconds};
pub use signer::Signer;
pub use worker::{MergedLoad, Report, SharedLoad, Task};
