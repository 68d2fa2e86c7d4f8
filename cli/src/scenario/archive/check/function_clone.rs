//! A contender's function once more, for the check: the same code and settings, another S3.

use anyhow::{Context, Result, anyhow};
use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, EphemeralStorage, FunctionCode, FunctionConfiguration};
use serde_json::Value;

use crate::aws::failed;
use crate::local::function_code;
use crate::scenario::shared::invoke::{Answer, call};
use protocol::deployment::Deployment;

/// What the names of all clones start with.
const NAMES: &str = "lambench-check-";
/// Lambda's own limit on a function's name, characters.
const MAX_NAME: usize = 64;
/// An archive of the largest input takes a contender less, s; its own timeout counts if it is shorter.
const TIMEOUT: i32 = 120;

/// A deployed clone.
pub struct FunctionClone {
    client: Client,
    deployment: Deployment,
    name: String,
    timeout: i32,
}

impl FunctionClone {
    /// Clones a function under the name `lambench-check-<name>`, with an S3 at another address.
    pub async fn of(
        config: &SdkConfig,
        deployment: &Deployment,
        name: &str,
        function: &str,
        s3: &str,
    ) -> Result<Self> {
        let client = Client::new(config);
        let found = client.get_function().function_name(function).send().await;
        let found = found.map_err(|error| failed("GetFunction", deployment)(&error))?;
        let (settings, location) =
            found.configuration.zip(found.code.and_then(|code| code.location)).with_context(|| {
                format!(
                    "Lambda does not say where the code of {function} is: deploy it again with: {}",
                    deployment.pulumi("up")
                )
            })?;
        let endpoint = deployment
            .endpoint
            .as_deref()
            .context("contenders can only be checked in a local environment")?;
        let path = function_code::path(&location)
            .with_context(|| format!("'{location}' is not the address of a function's code"))?;
        let code = function_code::read(endpoint, &path, function).await?;
        let name: String = format!("{NAMES}{name}").chars().take(MAX_NAME).collect();
        let timeout = settings.timeout.unwrap_or(TIMEOUT).min(TIMEOUT);
        let clone = Self { client, deployment: deployment.clone(), name, timeout };
        clone.create(settings, code, s3).await?;
        Ok(clone)
    }

    async fn create(&self, settings: FunctionConfiguration, code: Vec<u8>, s3: &str) -> Result<()> {
        let mut variables = settings.environment.and_then(|it| it.variables).unwrap_or_default();
        variables.insert("AWS_ENDPOINT_URL_S3".to_owned(), s3.to_owned());
        let storage = settings.ephemeral_storage.map_or(512, |storage| storage.size);
        let create = self.client.create_function().function_name(&self.name);
        let create = create
            .set_runtime(settings.runtime)
            .set_role(settings.role)
            .set_handler(settings.handler)
            .set_architectures(settings.architectures)
            .set_memory_size(settings.memory_size)
            .timeout(self.timeout)
            .environment(Environment::builder().set_variables(Some(variables)).build())
            .ephemeral_storage(EphemeralStorage::builder().size(storage).build()?)
            .code(FunctionCode::builder().zip_file(Blob::new(code)).build());
        create.send().await.map_err(|error| self.failed("CreateFunction", &error))?;
        Ok(())
    }

    /// Calls it; an error of its own is told in its own words.
    pub async fn invoke(&self, event: &Value) -> Result<Result<(), String>> {
        let Answer { payload, error } = call(&self.client, &self.deployment, &self.name, event).await?;
        Ok(if error.is_none() { Ok(()) } else { Err(said(&payload)) })
    }

    /// Changes what it may take, s; none means what it had.
    pub async fn set_timeout(&self, seconds: Option<i32>) -> Result<()> {
        let update = self.client.update_function_configuration().function_name(&self.name);
        let update = update.timeout(seconds.unwrap_or(self.timeout)).send().await;
        update.map_err(|error| self.failed("UpdateFunctionConfiguration", &error))?;
        Ok(())
    }

    fn failed(&self, call: &str, error: &(dyn std::error::Error + 'static)) -> anyhow::Error {
        anyhow!("{}: {}", self.name, failed(call, &self.deployment)(error))
    }
}

/// Removes every clone, those of killed checks too.
pub async fn remove_all(config: &SdkConfig, deployment: &Deployment) -> Result<()> {
    let client = Client::new(config);
    let logs = aws_sdk_cloudwatchlogs::Client::new(config);
    let mut listed = client.list_functions().into_paginator().items().send();
    let mut names = Vec::new();
    while let Some(function) = listed.next().await {
        let function = function.map_err(|error| failed("ListFunctions", deployment)(&error))?;
        names.extend(function.function_name.filter(|name| name.starts_with(NAMES)));
    }
    for name in names {
        let removed = client.delete_function().function_name(&name).send().await;
        removed.map_err(|error| failed("DeleteFunction", deployment)(&error))?;
        // It has a log only if it was called.
        let _ = logs.delete_log_group().log_group_name(format!("/aws/lambda/{name}")).send().await;
    }
    Ok(())
}

/// An error's type and message, as Lambda tells it.
fn said(payload: &[u8]) -> String {
    let told: Value = serde_json::from_slice(payload).unwrap_or_default();
    let text = |name: &str| told.get(name).and_then(Value::as_str);
    match (text("errorType"), text("errorMessage")) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (None, Some(message)) => message.to_owned(),
        _ => String::from_utf8_lossy(payload).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_the_functions_own_words() {
        assert_eq!(said(br#"{"errorType": "Full", "errorMessage": "no room"}"#), "Full: no room");
        assert_eq!(
            said(br#"{"errorMessage": "Task timed out after 6.00 seconds"}"#),
            "Task timed out after 6.00 seconds"
        );
        assert_eq!(said(b"killed"), "killed");
    }
}
