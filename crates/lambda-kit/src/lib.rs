//! What every function needs and none should write again: settings, AWS clients, tracing, errors, the
//! runtime.

pub mod aws;
mod backoff;
mod clock;
pub mod emf;
pub mod env;
mod failure;
#[cfg(feature = "postgres")]
pub mod postgres;
mod run;
#[cfg(feature = "run-log")]
pub mod run_log;
mod s3;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(feature = "sqs")]
pub mod sqs;
pub mod streams;
#[cfg(any(test, feature = "test-aws"))]
pub mod test_aws;
#[cfg(feature = "test-postgres")]
pub mod test_postgres;

pub use backoff::Backoff;
pub use clock::now_us;
pub use failure::Failure;
pub use run::{remaining, run};
pub use s3::{Object, list_objects};
