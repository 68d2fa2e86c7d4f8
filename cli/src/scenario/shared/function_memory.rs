//! The memory of a stack's functions, changed for a while by Lambda's own API: a deployment for each size would take longer.
//!
//! What they have of their own is written down before anything is changed. So the next run puts right what a killed one left.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use aws_sdk_lambda::Client;
use futures::future::{join_all, try_join_all};
use protocol::deployment::Deployment;
use serde::{Deserialize, Serialize};

use super::function_configuration::{current, settled};
use super::run::Run;
use super::run_context::RunContext;
use super::run_file::RunFile;
use crate::aws::failed;

/// Functions whose memory is changed, and given back.
pub struct FunctionMemory<'a> {
    context: RunContext<'a>,
    client: Client,
    own: OwnMemory,
    file: RunFile,
}

/// What functions have of their own.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OwnMemory {
    /// The stack's setting at the time: another one means that the stack was deployed again since.
    setting: Option<u64>,
    /// By function, MB.
    functions: BTreeMap<String, u64>,
    /// What they may have been given instead, MB.
    sizes: Vec<u64>,
}

impl<'a> FunctionMemory<'a> {
    /// Writes down what the functions have; they are to be given these sizes.
    ///
    /// # Errors
    /// If a function cannot be found.
    pub async fn remember<Deployed: AsRef<Deployment>>(
        run: &'a Run<Deployed>,
        functions: Vec<String>,
        sizes: &[u64],
    ) -> Result<Self> {
        let (context, client) = (run.context(), Client::new(&run.config));
        let found = functions.into_iter().map(async |function| {
            let memory_mb = megabytes(settled(context, &client, &function).await?.memory_size);
            anyhow::Ok((function, memory_mb))
        });
        let functions = try_join_all(found).await?.into_iter().collect();
        let setting = run.deployment().setting("memory");
        let own = OwnMemory { setting, functions, sizes: sizes.to_vec() };
        let file = RunFile::of(run, "memory")?;
        file.write(&own)?;
        Ok(Self { context, client, own, file })
    }

    /// The functions that have another size of their own than the stack's setting says, MB.
    pub fn differing(&self) -> impl Iterator<Item = (&str, u64)> {
        let all = self.own.functions.iter().map(|(function, memory_mb)| (function.as_str(), *memory_mb));
        all.filter(|(_, memory_mb)| self.own.setting.is_some_and(|setting| setting != *memory_mb))
    }

    /// Gives all of them a size.
    ///
    /// # Errors
    /// If Lambda refuses it, or it takes too long.
    pub async fn set(&self, memory_mb: u64) -> Result<()> {
        let functions = self.own.functions.keys();
        try_join_all(functions.map(|function| update(self.context, &self.client, function, memory_mb)))
            .await?;
        Ok(())
    }

    /// Gives them back their own.
    ///
    /// # Errors
    /// If one could not be given back; the others were all the same.
    pub async fn restore(self) -> Result<()> {
        let Self { context, client, own, file } = self;
        give_back(context, &client, &own.functions).await?;
        file.remove();
        Ok(())
    }
}

/// Gives functions back what a run that was killed has changed.
///
/// # Errors
/// If that run is still under way, or a function could not be given back its own.
pub async fn recover<Deployed: AsRef<Deployment>>(run: &Run<Deployed>) -> Result<()> {
    let file = RunFile::of(run, "memory")?;
    let Some(left) = file.left_behind::<OwnMemory>()? else { return Ok(()) };
    let (context, client) = (run.context(), Client::new(&run.config));
    if left.setting == run.deployment().setting("memory") {
        let mut changed = BTreeMap::new();
        for (function, own) in left.functions {
            let current =
                current(context, &client, &function).await?.map(|found| megabytes(found.memory_size));
            if current.is_some_and(|current| current != own && left.sizes.contains(&current)) {
                changed.insert(function, own);
            }
        }
        if !changed.is_empty() {
            context.notify("an earlier run was killed: restoring the functions' memory …");
            give_back(context, &client, &changed).await?;
        }
    }
    file.remove();
    Ok(())
}

async fn give_back(
    context: RunContext<'_>,
    client: &Client,
    functions: &BTreeMap<String, u64>,
) -> Result<()> {
    let given_back = functions.iter().map(async |(function, memory_mb)| {
        update(context, client, function, *memory_mb).await.with_context(|| {
            format!(
                "cannot restore the memory of {function}; the next 'lambench run' retries, or restore it \
                 with: aws lambda update-function-configuration --function-name {function} --memory-size \
                 {memory_mb}"
            )
        })
    });
    join_all(given_back).await.into_iter().collect()
}

/// Gives a function a size, if it has another one, and waits until its next invocation has it.
async fn update(context: RunContext<'_>, client: &Client, function: &str, memory_mb: u64) -> Result<()> {
    if megabytes(settled(context, client, function).await?.memory_size) == memory_mb {
        return Ok(());
    }
    let size = i32::try_from(memory_mb)?;
    let update = client.update_function_configuration().function_name(function).memory_size(size).send();
    update.await.map_err(|error| failed("UpdateFunctionConfiguration", context.deployment)(&error))?;
    let now = megabytes(settled(context, client, function).await?.memory_size);
    if now != memory_mb {
        bail!("{function} was given {memory_mb} MB, but has {now} MB: is somebody else changing it?");
    }
    Ok(())
}

/// A function's memory; Lambda always says it.
fn megabytes(memory_size: Option<i32>) -> u64 {
    memory_size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::shared::testing::{Functions, Stack, stack};

    const SIZES: [u64; 2] = [128, 1024];

    fn memory_of(lambda: &std::sync::Mutex<Functions>) -> Vec<u64> {
        lambda.lock().unwrap().memory.values().copied().collect()
    }

    async fn remember(stack: &Stack) -> FunctionMemory<'_> {
        let functions = vec!["a".to_owned(), "b".to_owned()];
        FunctionMemory::remember(&stack.run, functions, &SIZES).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn functions_get_a_size_and_then_each_its_own_again() {
        let stack = stack(&[("a", 512), ("b", 256), ("c", 512)]);
        let memory = remember(&stack).await;
        assert_eq!(memory.differing().collect::<Vec<_>>(), [("b", 256)]);
        memory.set(128).await.unwrap();
        assert_eq!(memory_of(&stack.lambda), [128, 128, 512], "c is not measured");
        memory.restore().await.unwrap();
        assert_eq!(memory_of(&stack.lambda), [512, 256, 512]);
        assert!(RunFile::of(&stack.run, "memory").unwrap().left_behind::<OwnMemory>().unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_size_counts_only_when_lambda_has_made_the_change() {
        let stack = stack(&[("a", 512), ("b", 512)]);
        stack.lambda.lock().unwrap().polls_per_change = 3;
        remember(&stack).await.set(128).await.unwrap();
        assert_eq!(stack.lambda.lock().unwrap().in_progress, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_killed_run_left_is_put_right_by_the_next() {
        let stack = stack(&[("a", 512), ("b", 512), ("c", 128)]);
        let memory = remember(&stack).await;
        memory.set(1024).await.unwrap();
        memory.file.write(&memory.own).unwrap();
        drop(memory);
        let said = recover(&stack.run).await.unwrap_err().to_string();
        assert!(said.contains("is already running this stack"), "{said}");
        stack.disown("memory");
        recover(&stack.run).await.unwrap();
        assert_eq!(memory_of(&stack.lambda), [512, 512, 128]);
        stack.lambda.lock().unwrap().memory.insert("a".to_owned(), 1024);
        recover(&stack.run).await.unwrap();
        assert_eq!(memory_of(&stack.lambda)[0], 1024, "it was put right already: this is somebody else's");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_deployed_since_stays() {
        for (setting, memory_mb, expected) in [(256, 128, 128), (512, 777, 777), (512, 128, 512)] {
            let mut stack = stack(&[("a", 512), ("b", 512)]);
            remember(&stack).await;
            stack.disown("memory");
            stack.run.deployed.0.settings.insert("memory".to_owned(), json!(setting));
            stack.lambda.lock().unwrap().memory.insert("a".to_owned(), memory_mb);
            recover(&stack.run).await.unwrap();
            assert_eq!(memory_of(&stack.lambda)[0], expected, "setting {setting}, function {memory_mb}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stack_that_is_gone_is_no_trouble() {
        let stack = stack(&[("a", 512), ("b", 512)]);
        remember(&stack).await;
        stack.disown("memory");
        stack.lambda.lock().unwrap().memory.clear();
        recover(&stack.run).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_given_back_comes_with_the_command_that_does_it() {
        let stack = stack(&[("a", 512), ("b", 256)]);
        let memory = remember(&stack).await;
        memory.set(128).await.unwrap();
        stack.lambda.lock().unwrap().refused = Some("a".to_owned());
        let said = format!("{:#}", memory.restore().await.unwrap_err());
        assert!(said.contains("--function-name a --memory-size 512"), "{said}");
        assert_eq!(memory_of(&stack.lambda), [128, 256], "the other one has its own again");
        assert!(RunFile::of(&stack.run, "memory").unwrap().left_behind::<OwnMemory>().is_err(), "it stays");
    }
}
