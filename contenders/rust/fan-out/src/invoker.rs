//! Invoking this function from itself.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use lambda_kit::env::{EnvError, setting};
use lambda_kit::{Failure, aws};
use serde::Deserialize;
use tokio::sync::OnceCell;

/// Why a worker has no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvokeError {
    /// Lambda has no room for it now: the account's or the function's concurrency is used up.
    Throttled(String),
    /// Lambda refuses it, and will again.
    Refused(String),
    /// The worker has failed: the name of its error, and what it says.
    Failed { kind: String, message: String },
    /// Nobody knows what became of it.
    Lost(String),
}

/// Invokes the function that it is part of.
pub trait Invoker {
    /// Invokes it with a payload, and waits for its answer.
    async fn invoke(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError>;
}

/// This function, by Lambda's API.
pub struct SelfInvoker {
    /// Made when it is first needed: workers need none.
    client: OnceCell<Client>,
    function: String,
}

/// How Lambda reports a failed invocation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionError {
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error_message: String,
}

impl SelfInvoker {
    /// The function that Lambda's environment names.
    ///
    /// # Errors
    /// If the environment doesn't.
    pub fn of_environment() -> Result<Self, EnvError> {
        let function = setting("AWS_LAMBDA_FUNCTION_NAME", "the function's name")?;
        Ok(Self { client: OnceCell::new(), function })
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(async || client(&aws::config().await)).await
    }
}

/// Whoever asks decides what is tried again; a worker answers when it is done, minutes later perhaps.
fn client(config: &SdkConfig) -> Client {
    let timeouts = config.timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
    let config = Builder::from(config)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.disable_read_timeout().build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

impl Invoker for SelfInvoker {
    async fn invoke(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        let invoke = self.client().await.invoke().function_name(&self.function);
        let answer = invoke.payload(Blob::new(payload)).send().await.map_err(|error| refused(&error))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        match answer.function_error {
            None => Ok(payload),
            Some(kind) => Err(failed(kind, &payload)),
        }
    }
}

fn failed(kind: String, payload: &[u8]) -> InvokeError {
    match serde_json::from_slice(payload) {
        Ok(FunctionError { error_type, error_message }) => {
            InvokeError::Failed { kind: error_type, message: error_message }
        }
        Err(_) => InvokeError::Failed { kind, message: String::from_utf8_lossy(payload).into_owned() },
    }
}

fn refused<E: std::error::Error + ProvideErrorMetadata + 'static>(error: &SdkError<E>) -> InvokeError {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let message = Failure::aws("invoke the function", error).to_string();
    match (status, error.code()) {
        // 409: its configuration is being changed.
        (Some(409 | 429), _) | (_, Some("EC2ThrottledException")) => InvokeError::Throttled(message),
        (Some(400..500), _) => InvokeError::Refused(message),
        _ => InvokeError::Lost(message),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::config::http::HttpResponse;
    use aws_sdk_lambda::error::ErrorMetadata;
    use aws_sdk_lambda::operation::invoke::InvokeError as Answered;
    use aws_sdk_lambda::primitives::SdkBody;
    use serde_json::json;

    use super::*;

    fn answer(status: u16, code: &str) -> InvokeError {
        let error = Answered::generic(ErrorMetadata::builder().code(code).message("no").build());
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        refused(&SdkError::service_error(error, response))
    }

    #[test]
    fn a_refusal_says_whether_another_attempt_may_succeed() {
        let said = |code: &str| format!("cannot invoke the function: {code}: no");
        for (status, code, meant) in [
            (429, "TooManyRequestsException", InvokeError::Throttled as fn(String) -> _),
            (502, "EC2ThrottledException", InvokeError::Throttled),
            (409, "ResourceConflictException", InvokeError::Throttled),
            (403, "AccessDeniedException", InvokeError::Refused),
            (400, "RecursiveInvocationException", InvokeError::Refused),
            (500, "ServiceException", InvokeError::Lost),
        ] {
            assert_eq!(answer(status, code), meant(said(code)));
        }
        let unanswered: SdkError<Answered> = SdkError::timeout_error("5 s");
        assert!(matches!(refused(&unanswered), InvokeError::Lost(_)));
    }

    #[tokio::test]
    async fn lambda_is_asked_once_for_each_answer_and_never_by_the_sdk_itself() {
        let (config, requests) = test_kit::aws::config(|operation, message| {
            assert_eq!(operation, "POST /2015-03-31/functions/f/invocations");
            let status = u16::try_from(message["status"].as_u64().unwrap()).unwrap();
            (status, json!({ "message": "said" }))
        });
        let itself =
            SelfInvoker { client: OnceCell::new_with(Some(client(&config))), function: "f".to_owned() };
        let invoke = async |status: u16| itself.invoke(json!({ "status": status }).to_string().into()).await;
        assert_eq!(invoke(200).await, Ok(br#"{"message":"said"}"#.to_vec()));
        assert!(matches!(invoke(429).await, Err(InvokeError::Throttled(_))));
        assert!(matches!(invoke(403).await, Err(InvokeError::Refused(_))));
        assert!(matches!(invoke(503).await, Err(InvokeError::Lost(_))));
        assert_eq!(requests.lock().unwrap().len(), 4, "it tries nothing again");
    }

    #[test]
    fn a_worker_s_error_is_told_in_its_own_words() {
        let payload = br#"{"errorType":"ArchiveError","errorMessage":"it changed","requestId":"1"}"#;
        let told = failed("Unhandled".to_owned(), payload);
        assert_eq!(told, InvokeError::Failed { kind: "ArchiveError".into(), message: "it changed".into() });
        let told = failed("Unhandled".to_owned(), b"gone");
        assert_eq!(told, InvokeError::Failed { kind: "Unhandled".into(), message: "gone".into() });
    }
}
