//! How a function's error reaches whoever invoked it.

use std::error::Error;

use lambda_runtime::Diagnostic;

/// An error as Lambda reports it: the name of its type, and its message with every cause.
///
/// Made from any error with `?`. The SDK's errors say only "service error" themselves; their causes say what
/// happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    kind: &'static str,
    message: String,
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let name = std::any::type_name::<E>();
        let plain = name.split('<').next().unwrap_or(name);
        Self { kind: plain.rsplit("::").next().unwrap_or(plain), message: chain(&error) }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.kind.to_owned(), error_message: failure.message }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The messages from `error` down to its root cause, without those that repeat what is already said.
fn chain(error: &dyn Error) -> String {
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
}
