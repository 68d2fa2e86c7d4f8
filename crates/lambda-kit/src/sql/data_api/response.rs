//! Responses of the Data API.

use std::error::Error;

use aws_sdk_rdsdata::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rdsdata::types::Field;

use crate::sql::{Cell, DbError};

/// The text before PostgreSQL's code in a message.
const MARK: &str = "SQLState: ";

/// A value of a row.
pub(super) fn cell(field: &Field) -> Cell {
    match field {
        Field::BooleanValue(value) => Cell::Bool(*value),
        Field::LongValue(value) => Cell::Int(*value),
        Field::StringValue(value) => Cell::Text(value.clone()),
        _ => Cell::Null,
    }
}

/// An error by kind: PostgreSQL's where the message has its `SQLSTATE`.
pub(super) fn error<E>(error: &SdkError<E>) -> DbError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let answer = answer.err();
            let (code, message) = (answer.code().unwrap_or_default(), answer.message().unwrap_or_default());
            DbError::new(kind(code, message), if message.is_empty() { code } else { message })
        }
        SdkError::TimeoutError(_) => DbError::new("timeout", "the Data API didn't answer in time"),
        SdkError::DispatchFailure(failure) => {
            let kind = if failure.is_timeout() { "timeout" } else { "connection" };
            DbError::new(kind, format!("{failure:?}"))
        }
        // The answer was cut off, or none of the service's.
        other => DbError::new("connection", format!("{other:?}")),
    }
}

fn kind<'a>(code: &'a str, message: &'a str) -> &'a str {
    if let Some(state) = sql_state(message) {
        return state;
    }
    match code {
        "AccessDeniedException"
        | "ForbiddenException"
        | "InvalidSecretException"
        | "SecretsErrorException"
        | "UnrecognizedClientException"
        | "ExpiredTokenException" => "credentials",
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "LimitExceededException" => {
            "throttled"
        }
        "StatementTimeoutException" => "timeout",
        ""
        | "DatabaseUnavailableException"
        | "DatabaseResumingException"
        | "ServiceUnavailableError"
        | "InternalServerErrorException"
        | "TransactionNotFoundException" => "connection",
        other => other,
    }
}

fn sql_state(message: &str) -> Option<&str> {
    let state = message.rsplit_once(MARK)?.1.get(..5)?;
    state.chars().all(|character| character.is_ascii_alphanumeric()).then_some(state)
}

#[cfg(test)]
mod tests {
    use aws_sdk_rdsdata::config::http::HttpResponse;
    use aws_sdk_rdsdata::error::ErrorMetadata;
    use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementError;

    use super::*;

    fn answered(code: &str, message: &str) -> DbError {
        let answer = ErrorMetadata::builder().code(code).message(message).build();
        let response = HttpResponse::new(400.try_into().unwrap(), "".into());
        error(&SdkError::service_error(ExecuteStatementError::generic(answer), response))
    }

    #[test]
    fn an_error_of_the_database_has_its_sqlstate() {
        let message = "ERROR: canceling statement due to statement timeout; SQLState: 57014";
        let error = answered("DatabaseErrorException", message);
        assert_eq!((error.kind.as_str(), error.message.as_str()), ("57014", message));
        let message = "ERROR: deadlock detected\n  Detail: Process 1 waits; SQLState: 40P01";
        assert_eq!(answered("BadRequestException", message).kind, "40P01");
    }

    #[test]
    fn an_error_of_the_way_there_has_a_kind() {
        for (code, kind) in [
            ("InvalidSecretException", "credentials"),
            ("AccessDeniedException", "credentials"),
            ("ThrottlingException", "throttled"),
            ("DatabaseUnavailableException", "connection"),
            ("StatementTimeoutException", "timeout"),
            ("HttpEndpointNotEnabledException", "HttpEndpointNotEnabledException"),
        ] {
            assert_eq!(answered(code, "…").kind, kind, "{code}");
        }
    }

    #[test]
    fn no_answer_is_a_timeout() {
        let late: SdkError<ExecuteStatementError> = SdkError::timeout_error("late");
        assert_eq!(error(&late).kind, "timeout");
    }

    #[test]
    fn rows_have_numbers_texts_and_truth() {
        assert_eq!(cell(&Field::LongValue(5)), Cell::Int(5));
        assert_eq!(cell(&Field::StringValue("a".to_owned())), Cell::Text("a".to_owned()));
        assert_eq!(cell(&Field::BooleanValue(true)), Cell::Bool(true));
        assert_eq!(cell(&Field::IsNull(true)), Cell::Null);
    }
}
