//! A call of one of a stack's functions.

use anyhow::{Context, Result, anyhow};
use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::failed;
use protocol::deployment::Deployment;

/// Calls a function and returns its answer; an error of its own is told in its own words.
pub async fn invoke<T: DeserializeOwned>(
    config: &SdkConfig,
    deployment: &Deployment,
    function: &str,
    event: &Value,
) -> Result<T> {
    attempt(config, deployment, function, event).await?.map_err(|said| anyhow!("{function} failed {said}"))
}

/// Calls a function and returns its answer, or the error that is its own.
///
/// # Errors
/// If it cannot be called, or its answer cannot be read.
pub async fn attempt<T: DeserializeOwned>(
    config: &SdkConfig,
    deployment: &Deployment,
    function: &str,
    event: &Value,
) -> Result<Result<T, String>> {
    let Answer { payload, error } = call(&Client::new(config), deployment, function, event).await?;
    if let Some(kind) = error {
        return Ok(Err(format!("({kind}): {}", String::from_utf8_lossy(&payload))));
    }
    serde_json::from_slice(&payload)
        .map(Ok)
        .with_context(|| format!("the answer of {function} is from another version: deploy the stack again"))
}

/// What a function answered.
pub struct Answer {
    /// Its result, or what its error says; JSON.
    pub payload: Vec<u8>,
    /// The kind of its error, if it failed.
    pub error: Option<String>,
}

/// Calls a function.
///
/// # Errors
/// If it cannot be called.
pub async fn call(client: &Client, deployment: &Deployment, function: &str, event: &Value) -> Result<Answer> {
    let call = client.invoke().function_name(function).payload(Blob::new(event.to_string()));
    let answer = call.send().await.map_err(|error| failed("Invoke", deployment)(&error))?;
    let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
    Ok(Answer { payload, error: answer.function_error })
}
