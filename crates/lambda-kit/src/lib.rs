//! What every function needs and none should write again: settings, AWS clients, tracing, errors, the
//! runtime.

pub mod aws;
pub mod env;
mod failure;
mod run;
mod s3;

pub use failure::Failure;
pub use run::{remaining, run};
pub use s3::{Object, list_objects};
