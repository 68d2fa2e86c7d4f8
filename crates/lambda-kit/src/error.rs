//! How a function's error reaches whoever invoked it: with every cause.

use std::error::Error;
use std::fmt::Display;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use lambda_runtime::Diagnostic;

/// An error as Lambda reports it: the name of its type, and its message with every cause.
///
/// Made from any error with `?`, and from AWS's with [`Failure::aws`]: they don't say what they are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    kind: String,
    message: String,
}

impl Failure {
    /// What AWS answered, or why it could not be asked; `doing` completes "cannot …", such as `list s3://a/files/`.
    pub fn aws<E>(doing: impl Display, error: &SdkError<E>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let kind = error.code().unwrap_or("SdkError").to_owned();
        let status = error.raw_response().map(|response| response.status().as_u16());
        let answer = match (error.code(), error.message().filter(|message| !message.is_empty()), status) {
            (Some(code), Some(message), _) => format!("{code}: {message}"),
            (Some(code), None, _) => code.to_owned(),
            // S3 does so where a key leads out of its bucket, and to all HEAD requests.
            (None, _, Some(status)) if status >= 400 => format!("HTTP status {status}, without a reason"),
            _ => error_chain(error),
        };
        Self { kind, message: format!("cannot {doing}: {answer}") }
    }
}

impl Failure {
    /// Whether AWS denied access, be it the cause of what failed in the end: services have two words for it.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.message.contains("AccessDenied")
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let name = std::any::type_name::<E>();
        let plain = name.split('<').next().unwrap_or(name);
        Self { kind: plain.rsplit("::").next().unwrap_or(plain).to_owned(), message: error_chain(&error) }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.kind, error_message: failure.message }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The messages from `error` down to its root cause, without those that repeat what is already said.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::http::HttpResponse;
    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Error;
    use aws_sdk_s3::primitives::SdkBody;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read 'a'")]
    struct ReadError(#[source] std::io::Error);

    #[test]
    fn the_report_names_the_error_and_all_its_causes() {
        let failure = Failure::from(ReadError(std::io::Error::other("connection reset")));
        let diagnostic = Diagnostic::from(failure);
        assert_eq!(diagnostic.error_type, "ReadError");
        assert_eq!(diagnostic.error_message, "cannot read 'a': connection reset");
    }

    #[test]
    fn an_answer_of_aws_says_what_was_refused_and_why() {
        let answer = ErrorMetadata::builder().code("AccessDenied").message("not authorized").build();
        let response = HttpResponse::new(403.try_into().unwrap(), SdkBody::empty());
        let error = SdkError::service_error(ListObjectsV2Error::generic(answer), response);
        let diagnostic = Diagnostic::from(Failure::aws("list s3://a/files/", &error));
        assert_eq!(diagnostic.error_type, "AccessDenied");
        assert_eq!(diagnostic.error_message, "cannot list s3://a/files/: AccessDenied: not authorized");
    }

    #[test]
    fn an_answer_without_words_has_its_status_and_its_code() {
        let said = |code: Option<&str>| {
            let mut answer = ErrorMetadata::builder();
            if let Some(code) = code {
                answer = answer.code(code);
            }
            let response = HttpResponse::new(400.try_into().unwrap(), SdkBody::empty());
            let error = SdkError::service_error(ListObjectsV2Error::generic(answer.build()), response);
            Failure::aws("list s3://a/", &error).to_string()
        };
        assert_eq!(said(None), "cannot list s3://a/: HTTP status 400, without a reason");
        assert_eq!(said(Some("KeyTooLongError")), "cannot list s3://a/: KeyTooLongError");
    }

    #[test]
    fn a_cause_that_repeats_its_error_is_said_once() {
        let same = ReadError(std::io::Error::other("cannot read 'a'"));
        assert_eq!(error_chain(&same), "cannot read 'a'");
    }

    #[test]
    fn a_failed_connection_says_what_it_was_for() {
        let error: SdkError<ListObjectsV2Error> = SdkError::timeout_error("3 s");
        assert!(
            Failure::aws("list s3://a/", &error)
                .to_string()
                .starts_with("cannot list s3://a/: request has timed out")
        );
    }
}
