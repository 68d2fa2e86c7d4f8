//! A function's configuration, between changes of it.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::client::Waiters;
use aws_sdk_lambda::error::SdkError;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;

use super::run_context::RunContext;
use crate::aws::failed;

/// How long a change may take; some seconds are usual.
const TIMEOUT: Duration = Duration::from_mins(5);

/// A function's configuration, once no change of it is under way: its next invocation has it.
///
/// # Errors
/// If there is no such function, or a change takes too long.
pub async fn settled(
    context: RunContext<'_>,
    client: &Client,
    function: &str,
) -> Result<GetFunctionConfigurationOutput> {
    let failed = failed("GetFunctionConfiguration", context.deployment);
    let waited = client.wait_until_function_updated().function_name(function).wait(TIMEOUT).await;
    waited.map_err(|error| failed(&error))?.into_result().map_err(|error| failed(&error))
}

/// A function's configuration as it is; none if there is no such function.
///
/// # Errors
/// If Lambda doesn't say it.
pub async fn current(
    context: RunContext<'_>,
    client: &Client,
    function: &str,
) -> Result<Option<GetFunctionConfigurationOutput>> {
    let found = client.get_function_configuration().function_name(function).send().await;
    match found.map_err(SdkError::into_service_error) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_resource_not_found_exception() => Ok(None),
        Err(error) => Err(failed("GetFunctionConfiguration", context.deployment)(&error)),
    }
}
