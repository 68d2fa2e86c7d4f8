//! Cold starts on demand: Lambda never runs a function with an earlier configuration once a change of it is made, so after a change
//! of its environment variables, every environment is a new one.
//!
//! The functions are written down before anything is changed. So the next run puts right what a killed one left.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::Environment;
use futures::future::{join_all, try_join_all};
use protocol::deployment::Deployment;
use serde::{Deserialize, Serialize};

use super::function_configuration::{current, settled};
use super::run::Run;
use super::run_context::RunContext;
use super::run_file::RunFile;
use crate::aws::failed;

/// The variable that is changed; no function reads it.
const VARIABLE: &str = "LAMBENCH_COLD_START";
/// What the file is for.
const PURPOSE: &str = "cold-starts";

/// Functions that get new environments.
pub struct ColdStarts<'a> {
    context: RunContext<'a>,
    client: Client,
    changed: Changed,
    file: RunFile,
}

/// The functions that may have the variable.
#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    functions: Vec<String>,
}

impl<'a> ColdStarts<'a> {
    /// Writes down the functions; they are to be given new environments.
    ///
    /// # Errors
    /// If that fails.
    pub fn of<Deployed: AsRef<Deployment>>(run: &'a Run<Deployed>, functions: Vec<String>) -> Result<Self> {
        let (file, changed) = (RunFile::of(run, PURPOSE)?, Changed { functions });
        file.write(&changed)?;
        Ok(Self { context: run.context(), client: Client::new(&run.config), changed, file })
    }

    /// Has all functions start new environments; `value` is another one each time.
    ///
    /// # Errors
    /// If Lambda refuses it, or it takes too long.
    pub async fn force(&self, value: &str) -> Result<()> {
        let functions = self.changed.functions.iter();
        try_join_all(functions.map(|function| set(self.context, &self.client, function, Some(value))))
            .await?;
        Ok(())
    }

    /// Removes the variable from all of them.
    ///
    /// # Errors
    /// If it could not be removed from one; it was from the others all the same.
    pub async fn restore(self) -> Result<()> {
        let Self { context, client, changed, file } = self;
        remove(context, &client, &changed.functions).await?;
        file.remove();
        Ok(())
    }
}

/// Removes the variable that a killed run left.
///
/// # Errors
/// If that run is still under way, or a function cannot be changed.
pub async fn recover<Deployed: AsRef<Deployment>>(run: &Run<Deployed>) -> Result<()> {
    let file = RunFile::of(run, PURPOSE)?;
    let Some(left) = file.left_behind::<Changed>()? else { return Ok(()) };
    let (context, client) = (run.context(), Client::new(&run.config));
    let mut functions = Vec::new();
    for function in left.functions {
        let found = current(context, &client, &function).await?;
        if found.and_then(|found| variables(&found)).is_some_and(|all| all.contains_key(VARIABLE)) {
            functions.push(function);
        }
    }
    if !functions.is_empty() {
        context.notify("an earlier run was killed: restoring the functions' environment variables …");
        remove(context, &client, &functions).await?;
    }
    file.remove();
    Ok(())
}

async fn remove(context: RunContext<'_>, client: &Client, functions: &[String]) -> Result<()> {
    let removed = functions.iter().map(async |function| {
        set(context, client, function, None).await.with_context(|| {
            format!(
                "cannot remove the environment variable {VARIABLE} from {function}; the next 'lambench run' \
                 retries, or remove it with: {}",
                context.deployment.pulumi("up --refresh")
            )
        })
    });
    join_all(removed).await.into_iter().collect()
}

/// Gives a function the variable with a value, or removes it, and waits until its next invocation has that.
async fn set(context: RunContext<'_>, client: &Client, function: &str, value: Option<&str>) -> Result<()> {
    let found = settled(context, client, function).await?;
    // Lambda takes all variables at once, so those that it doesn't tell would be lost.
    let Some(mut wanted) = variables(&found) else {
        bail!(
            "Lambda doesn't tell the environment variables of {function}: may you use the key that encrypts them?"
        );
    };
    if wanted.get(VARIABLE).map(String::as_str) == value {
        return Ok(());
    }
    wanted.remove(VARIABLE);
    wanted.extend(value.map(|value| (VARIABLE.to_owned(), value.to_owned())));
    let environment = Environment::builder().set_variables(Some(wanted.clone())).build();
    let update = client.update_function_configuration().function_name(function).environment(environment);
    update.send().await.map_err(|error| failed("UpdateFunctionConfiguration", context.deployment)(&error))?;
    let now = settled(context, client, function).await?;
    if variables(&now) != Some(wanted) {
        bail!("{function} has other environment variables than it was given: is somebody else changing it?");
    }
    Ok(())
}

/// A function's environment variables; none if Lambda cannot decrypt them.
fn variables(found: &GetFunctionConfigurationOutput) -> Option<HashMap<String, String>> {
    let Some(environment) = found.environment() else { return Some(HashMap::new()) };
    environment.error().is_none().then(|| environment.variables().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::{Stack, stack};

    /// A stack with two functions, one of which has a variable of its own.
    fn two() -> Stack {
        let stack = stack(&[("a", 512), ("b", 512)]);
        stack.set_variable("b", "OWN", "1");
        stack
    }

    fn of(stack: &Stack) -> ColdStarts<'_> {
        ColdStarts::of(&stack.run, vec!["a".to_owned(), "b".to_owned()]).unwrap()
    }

    fn is_written_down(stack: &Stack) -> bool {
        !matches!(RunFile::of(&stack.run, PURPOSE).unwrap().left_behind::<Changed>(), Ok(None))
    }

    #[tokio::test(start_paused = true)]
    async fn every_function_is_changed_each_time_and_keeps_what_it_has_of_its_own() {
        let stack = two();
        let cold_starts = of(&stack);
        for value in ["run-1", "run-2"] {
            cold_starts.force(value).await.unwrap();
            assert_eq!(stack.variables("a"), [format!("{VARIABLE}={value}")]);
            assert_eq!(stack.variables("b"), [format!("{VARIABLE}={value}"), "OWN=1".to_owned()]);
        }
        cold_starts.restore().await.unwrap();
        assert_eq!((stack.variables("a"), stack.variables("b")), (vec![], vec!["OWN=1".to_owned()]));
        assert!(!is_written_down(&stack));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_starts_only_when_lambda_has_made_the_change() {
        let stack = two();
        stack.lambda.lock().unwrap().polls_per_change = 3;
        of(&stack).force("run-1").await.unwrap();
        assert_eq!(stack.lambda.lock().unwrap().in_progress, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_killed_run_left_is_removed_by_the_next() {
        let stack = two();
        of(&stack).force("run-1").await.unwrap();
        let said = recover(&stack.run).await.unwrap_err().to_string();
        assert!(said.contains("is already running this stack"), "{said}");
        stack.disown(PURPOSE);
        stack.lambda.lock().unwrap().memory.remove("a");
        recover(&stack.run).await.unwrap();
        assert_eq!(stack.variables("b"), ["OWN=1"], "and one that is gone is no trouble");
        assert!(!is_written_down(&stack));
    }

    #[tokio::test(start_paused = true)]
    async fn variables_that_lambda_does_not_tell_are_not_overwritten() {
        let stack = two();
        stack.lambda.lock().unwrap().undecrypted = Some("b".to_owned());
        let said = of(&stack).force("run-1").await.unwrap_err().to_string();
        assert!(said.contains("environment variables of b"), "{said}");
        assert_eq!(stack.variables("b"), ["OWN=1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_removed_comes_with_the_command_that_does_it() {
        let stack = two();
        let cold_starts = of(&stack);
        cold_starts.force("run-1").await.unwrap();
        stack.lambda.lock().unwrap().refused = Some("a".to_owned());
        let said = format!("{:#}", cold_starts.restore().await.unwrap_err());
        assert!(said.contains("from a; ") && said.contains("pulumi up --refresh --stack dev"), "{said}");
        assert_eq!(stack.variables("b"), ["OWN=1"], "the other one has its own again");
        assert!(is_written_down(&stack));
    }
}
