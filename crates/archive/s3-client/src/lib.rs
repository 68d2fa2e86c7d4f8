//! The S3 requests that build an archive, as they are on the wire.
//!
//! Why not the SDK: an archive of 3,000 objects takes 15,000 small requests, and what the SDK does around each of them
//! (endpoint rules, interceptors, configuration layers) costs a small function, which has a fraction of a processor, more
//! time than S3 takes. The signature is the SDK's own; the rest is a pool of connections, retries, and the few fields of
//! S3's answers that matter here.

mod body;
mod call;
mod charged;
mod client;
mod concurrency_limit;
mod error;
mod objects;
mod resolver;
mod uploads;
mod xml;

pub use body::{Body, chunks};
pub use charged::Charged;
pub use client::{Requests, S3, Settings};
pub use error::{Error, Failed};
pub use objects::{Listed, stored_crc};
pub use uploads::{Sent, Upload};
