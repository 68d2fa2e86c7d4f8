//! What every Rust archive contender has to do, on the S3 model: every input, every fault, every way to be ended.
#![expect(clippy::missing_panics_doc, reason = "a panic is how a test says that a contender has failed")]

mod archives;
mod cases;
mod inputs;
mod model;

use std::sync::Arc;

use contender_kit::Job;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use lambda_kit::Failure;
use serde::Serialize;
use serde_json::{Value, json};

pub use archives::{Archives, Sizes, put, some};
pub use cases::{
    added_objects_do_no_harm, changed_objects_are_a_clear_error, deleted_objects_are_a_clear_error,
    faults_are_overcome, killed_runs_are_cleaned_up_after, own_counts_are_those_of_s3,
    short_times_are_a_clear_error, terminated_runs_leave_nothing, unknown_uploads_are_removed,
    what_fits_no_archive_is_refused, wrong_bytes_are_noticed,
};
pub use inputs::{
    all_inputs_become_archives, awkward_keys_are_archived_or_named, objects_without_checksums_are_archived,
};
pub use model::{FILES, Limit, Model};

/// A contender under test.
pub struct Contender {
    name: &'static str,
    work: Box<dyn Fn(Arc<Job>) -> Made>,
}

type Made = LocalBoxFuture<'static, Result<Value, Failure>>;

impl Contender {
    /// The contender `name`, which makes an archive by `work`.
    pub fn new<T, Work>(name: &'static str, work: impl Fn(Arc<Job>) -> Work + 'static) -> Self
    where
        T: Serialize,
        Work: Future<Output = Result<T, Failure>> + 'static,
    {
        let work = move |job| {
            let made = work(job);
            async { made.await.map(|made| json!(made)) }.boxed_local()
        };
        Self { name, work: Box::new(work) }
    }
}

/// The tests that every contender passes; `$contender` makes a [`Contender`].
#[macro_export]
macro_rules! conformance {
    ($contender:expr) => {
        $crate::conformance!(
            $contender; added_objects_do_no_harm, all_inputs_become_archives, awkward_keys_are_archived_or_named,
            changed_objects_are_a_clear_error, deleted_objects_are_a_clear_error, faults_are_overcome,
            killed_runs_are_cleaned_up_after, objects_without_checksums_are_archived, own_counts_are_those_of_s3,
            short_times_are_a_clear_error, terminated_runs_leave_nothing, unknown_uploads_are_removed,
            what_fits_no_archive_is_refused, wrong_bytes_are_noticed,
        );
    };
    ($contender:expr; $($test:ident,)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                $crate::$test($contender).await;
            }
        )+
    };
}
