//! The deployed functions: which there are, what they run, and how to give them other code.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function::{GetFunctionError, GetFunctionOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use futures::{StreamExt, TryStreamExt, stream};

use super::super::{code, emulator, requests};
use super::archive::Content;
use crate::project::Project;

/// The tag of a function that names its Cargo binary: `binaryTags` in `infra/function.ts`.
const BINARY: &str = "lambench:binary";
const REQUESTS_AT_ONCE: usize = 8;
const POLL: Duration = Duration::from_millis(20);
const READY_DEADLINE: Duration = Duration::from_mins(1);

/// Lambda in the local environment of a checkout, and nowhere else.
#[derive(Clone)]
pub struct Lambda {
    client: Client,
    address: String,
}

/// A deployed function that says what it is made of.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The Cargo binary it is made of.
    pub binary: String,
    /// Where its code can be read, below the emulator's address.
    code: String,
}

impl Lambda {
    /// Of the environment that runs. Endpoint and credentials are its own, whatever the caller's variables say.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn of(project: &Project) -> Result<Self> {
        let address = emulator::address(project)?;
        Ok(Self { client: Client::new(&requests::sdk(&address)), address })
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The functions made of Cargo binaries, in order of name.
    ///
    /// # Errors
    ///
    /// When the environment doesn't answer.
    pub async fn deployed(&self) -> Result<Vec<Function>> {
        let listed = self.client.list_functions().into_paginator().items().send();
        let listed = listed.try_collect().await.map_err(|error| self.failed("ListFunctions", &error))?;
        let names = listed.into_iter().filter_map(|function| function.function_name);
        let functions = stream::iter(names).map(|name| self.function(name)).buffered(REQUESTS_AT_ONCE);
        let mut functions: Vec<Function> =
            functions.try_filter_map(async |one| Ok(one)).try_collect().await?;
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(functions)
    }

    async fn function(&self, name: String) -> Result<Option<Function>> {
        match self.client.get_function().function_name(&name).send().await {
            Ok(found) => Ok(made_of_binary(name, found)),
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

    /// What a function runs; none if that is no function as Cargo builds them.
    ///
    /// # Errors
    ///
    /// When its code can't be read.
    pub async fn running(&self, function: &Function) -> Result<Option<Content>> {
        let archive = code::read(&self.address, &function.code, &function.name).await?;
        Ok(Content::packed(archive).await)
    }

    /// Give a function other code, and wait until its next invocation runs it.
    ///
    /// # Errors
    ///
    /// When Lambda refuses the code.
    pub async fn swap(&self, name: &str, archive: Vec<u8>) -> Result<()> {
        let update = self.client.update_function_code().function_name(name).zip_file(Blob::new(archive));
        update.send().await.map_err(|error| self.failed("UpdateFunctionCode", &error))?;
        let begun = Instant::now();
        while begun.elapsed() < READY_DEADLINE {
            let is = self.client.get_function_configuration().function_name(name).send().await;
            let is = is.map_err(|error| self.failed("GetFunctionConfiguration", &error))?;
            let status = is.last_update_status();
            if is.state() == Some(&State::Failed) || status == Some(&LastUpdateStatus::Failed) {
                let reason = is.last_update_status_reason().or(is.state_reason());
                bail!("Lambda can't use the code: {}", reason.unwrap_or("it gives no reason"));
            }
            if is.state() == Some(&State::Active) && status != Some(&LastUpdateStatus::InProgress) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("Lambda doesn't take the code into use within {} s", READY_DEADLINE.as_secs())
    }

    fn failed(&self, call: &str, error: &(dyn std::error::Error + 'static)) -> anyhow::Error {
        anyhow!(
            "{call} failed: {} (at {}; `lambench local status` tells whether it runs)",
            lambda_kit::error_chain(error),
            self.address
        )
    }
}

/// A function with its tag; none for functions that are made of something else.
fn made_of_binary(name: String, found: GetFunctionOutput) -> Option<Function> {
    let binary = found.tags?.remove(BINARY)?;
    let code = code::path(&found.code?.location?)?;
    Some(Function { name, binary, code })
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::types::FunctionCodeLocation;

    use super::*;

    fn found(tag: &str, location: &str) -> GetFunctionOutput {
        let code = FunctionCodeLocation::builder().location(location).build();
        GetFunctionOutput::builder().tags(tag, "judge").code(code).build()
    }

    #[test]
    fn a_function_that_a_binary_is_behind_is_known_by_its_tag() {
        let function = made_of_binary("f".to_owned(), found(BINARY, "https://s3.example.com/code/f?x=1"));
        assert_eq!(function.map(|it| (it.binary, it.code)), Some(("judge".into(), "/code/f?x=1".into())));
    }

    #[test]
    fn a_function_that_no_binary_is_behind_is_left_alone() {
        assert!(made_of_binary("f".to_owned(), found("team", "http://localhost:1/code")).is_none());
    }
}
