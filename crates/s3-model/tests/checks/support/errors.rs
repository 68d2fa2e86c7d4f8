//! Expected errors.

use std::fmt::Debug;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// Checks that a request was refused with this status and code.
#[track_caller]
pub fn refused<T: Debug, E>(result: Result<T, SdkError<E, HttpResponse>>, status: u16, code: &str)
where
    E: ProvideErrorMetadata + Debug,
{
    refused_saying(result, status, code, "");
}

/// Checks that a request was refused with this status and code, and that the message contains `message`.
#[track_caller]
pub fn refused_saying<T: Debug, E>(
    result: Result<T, SdkError<E, HttpResponse>>,
    status: u16,
    code: &str,
    message: &str,
) where
    E: ProvideErrorMetadata + Debug,
{
    let error = result.expect_err("the request was not refused");
    let answered = error.raw_response().map(|response| response.status().as_u16());
    assert_eq!((answered, error.code()), (Some(status), Some(code)), "{error:?}");
    assert!(error.message().unwrap_or_default().contains(message), "{error:?}");
}

/// Checks the status of a response without a body, which has no code: HEAD, and 304.
#[track_caller]
pub fn unanswered<T: Debug, E: Debug>(result: Result<T, SdkError<E, HttpResponse>>, status: u16) {
    let error = result.expect_err("the request was answered");
    let answered = error.raw_response().map(|response| response.status().as_u16());
    assert_eq!(answered, Some(status), "{error:?}");
}
