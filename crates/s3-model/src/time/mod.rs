//! Time: how long S3 takes to answer, and how long bytes are on their way.
//!
//! A response starts when its request's body has come over the link and the operation's latency is over after that; its
//! body then comes over the link in the other direction.

pub mod clock;
pub mod fluid;
pub mod latency;
pub mod link;
