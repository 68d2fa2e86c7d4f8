//! What every function needs and none should write again: settings, AWS clients, tracing, errors, retries, deadlines, batches,
//! the runtime.

pub mod aws;
pub mod batch;
mod clock;
mod deadline;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod emf;
pub mod env;
mod error;
#[cfg(feature = "sqs")]
mod load;
mod permissions;
#[cfg(feature = "sql")]
pub mod postgres;
mod retry;
mod run;
#[cfg(feature = "dynamodb")]
pub mod run_log;
mod s3;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(feature = "sqs")]
pub mod sqs;

pub use clock::now_us;
pub use deadline::Deadline;
pub use error::{Failure, error_chain};
#[cfg(feature = "sqs")]
pub use load::Start;
pub use permissions::until_permitted;
pub use retry::{Backoff, Retry};
pub use run::{remaining, run};
pub use s3::{
    Object, OpenUpload, SourceObjects, decode_key, decode_url, delete_objects, is_xml_text, list_objects,
    list_uploads,
};
