//! The deployed functions: which there are, what they run, and how to give them other code.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function::{GetFunctionError, GetFunctionOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use futures::{StreamExt, TryStreamExt, stream};

use super::zip::Content;
use crate::local::{aws, emulator, function_code};
use crate::project::Project;

/// The tags of a function that name its Cargo binary and its stack: `functionTags` in `infra/function.ts`.
const BINARY: &str = "lambench:binary";
const STACK: &str = "lambench:stack";
const MAX_REQUESTS: usize = 8;
const POLL: Duration = Duration::from_millis(20);
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// Lambda in the local environment of a checkout, as far as one stack goes.
#[derive(Clone)]
pub struct Lambda {
    client: Client,
    address: String,
    stack: String,
}

/// A deployed function that is made of a Cargo binary.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The Cargo binary it is made of.
    pub binary: String,
    /// Where its code can be read, below the emulator's address.
    code: String,
}

impl Lambda {
    /// That of the environment that runs. Endpoint and credentials are its own, whatever the caller's variables say.
    ///
    /// # Errors
    ///
    /// When the environment does not run.
    pub fn of(project: &Project, stack: String) -> Result<Self> {
        let address = emulator::address(project)?;
        Ok(Self { client: Client::new(&aws::sdk_config(&address)), address, stack })
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The stack whose functions it knows.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// The stack's functions that are made of Cargo binaries, in the order of their names.
    ///
    /// # Errors
    ///
    /// When the environment does not respond.
    pub async fn deployed(&self) -> Result<Vec<Function>> {
        let listed = self.client.list_functions().into_paginator().items().send();
        let listed = listed.try_collect().await.map_err(|error| self.failed("ListFunctions", &error))?;
        let names = listed.into_iter().filter_map(|function| function.function_name);
        let functions = stream::iter(names).map(|name| self.function(name)).buffered(MAX_REQUESTS);
        let mut functions: Vec<Function> =
            functions.try_filter_map(async |function| Ok(function)).try_collect().await?;
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(functions)
    }

    async fn function(&self, name: String) -> Result<Option<Function>> {
        match self.client.get_function().function_name(&name).send().await {
            Ok(output) => Ok(made_of_binary(name, &self.stack, output)),
            // Deleted since it was listed.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetFunctionError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.failed("GetFunction", &error)),
        }
    }

    /// The code that a function runs; none if Cargo did not build it.
    ///
    /// # Errors
    ///
    /// When the code cannot be read.
    pub async fn running(&self, function: &Function) -> Result<Option<Content>> {
        let archive = function_code::read(&self.address, &function.code, &function.name).await?;
        Ok(Content::packed(archive).await)
    }

    /// Gives a function new code, and waits until its next invocation runs it.
    ///
    /// # Errors
    ///
    /// When Lambda refuses the code.
    pub async fn swap(&self, name: &str, archive: Vec<u8>) -> Result<()> {
        let update = self.client.update_function_code().function_name(name).zip_file(Blob::new(archive));
        update.send().await.map_err(|error| self.failed("UpdateFunctionCode", &error))?;
        let started = Instant::now();
        while started.elapsed() < READY_TIMEOUT {
            let function = self.client.get_function_configuration().function_name(name).send().await;
            let function = function.map_err(|error| self.failed("GetFunctionConfiguration", &error))?;
            let status = function.last_update_status();
            if function.state() == Some(&State::Failed) || status == Some(&LastUpdateStatus::Failed) {
                let reason = function.last_update_status_reason().or(function.state_reason());
                bail!("Lambda cannot use the code: {}", reason.unwrap_or("no reason given"));
            }
            if function.state() == Some(&State::Active) && status != Some(&LastUpdateStatus::InProgress) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("Lambda did not start to use the new code within {} s", READY_TIMEOUT.as_secs())
    }

    fn failed(&self, call: &str, error: &(dyn std::error::Error + 'static)) -> anyhow::Error {
        anyhow!(
            "{call} failed: {} (at {}; `lambench local status` shows whether it is running)",
            lambda_kit::error_chain(error),
            self.address
        )
    }
}

/// A function that its tags describe; none for functions of other stacks, or made of something else.
fn made_of_binary(name: String, stack: &str, output: GetFunctionOutput) -> Option<Function> {
    let mut tags = output.tags?;
    if tags.get(STACK).is_none_or(|other| other != stack) {
        return None;
    }
    let binary = tags.remove(BINARY)?;
    let code = function_code::path(&output.code?.location?)?;
    Some(Function { name, binary, code })
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::types::FunctionCodeLocation;

    use super::*;

    fn output(tag: &str, location: &str) -> GetFunctionOutput {
        let code = FunctionCodeLocation::builder().location(location).build();
        GetFunctionOutput::builder().tags(tag, "judge").tags(STACK, "dev").code(code).build()
    }

    #[test]
    fn a_function_that_a_binary_is_behind_is_known_by_its_tag() {
        let output = output(BINARY, "https://s3.example.com/code/f?x=1");
        let function = made_of_binary("f".to_owned(), "dev", output);
        assert_eq!(function.map(|it| (it.binary, it.code)), Some(("judge".into(), "/code/f?x=1".into())));
    }

    #[test]
    fn a_function_that_no_binary_is_behind_is_left_alone() {
        let output = output("team", "http://localhost:1/code");
        assert!(made_of_binary("f".to_owned(), "dev", output).is_none());
    }

    #[test]
    fn a_function_of_another_stack_is_left_alone() {
        let output = output(BINARY, "http://localhost:1/code");
        assert!(
            made_of_binary("f".to_owned(), "test", output).is_none(),
            "it would get code that its stack has not"
        );
    }
}
