//! What memory buys: functions are deployed with one size after the other, and with the stack's own in the end.
//!
//! The sizes stand in a copy of the stack's configuration, so that whatever ends the run, `pulumi up` brings back what the
//! stack's own says.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use protocol::deployment::Deployment;
use tokio::process::Command;

use super::run::Run;
use super::run_context::RunContext;
use crate::exit::Interrupted;
use crate::project::Project;
use crate::shutdown::requested;

/// Measures with each memory size, without any with the one that is deployed; `remaining` is what an interrupted measurement
/// leaves behind.
///
/// # Errors
/// If the stack has changes that aren't deployed, a deployment or a measurement fails; [`Interrupted`] if the user ended it.
pub async fn run<Deployed: AsRef<Deployment>, T>(
    run: &Run<Deployed>,
    sizes: &[u64],
    measure: impl AsyncFn(u64) -> Result<Vec<T>>,
    remaining: impl Fn() -> String,
) -> Result<Vec<T>> {
    let deployed = run.deployment().required("memory")?;
    let stack = if sizes.is_empty() { None } else { Some(PulumiStack::unchanged(run).await?) };
    // From now on, Ctrl-C ends a measurement, but no deployment.
    let mut interrupt = tokio::spawn(requested());
    let mut measure = async |memory_mb| {
        tokio::select! {
            measured = measure(memory_mb) => measured,
            _ = &mut interrupt => Err(Interrupted(remaining()).into()),
        }
    };
    match stack {
        None => measure(deployed).await,
        Some(stack) => sweep(run.context(), &stack, deployed, sizes, measure).await,
    }
}

async fn sweep<T>(
    context: RunContext<'_>,
    stack: &PulumiStack<'_>,
    deployed: u64,
    sizes: &[u64],
    mut measure: impl AsyncFnMut(u64) -> Result<Vec<T>>,
) -> Result<Vec<T>> {
    let (mut current, mut measured) = (deployed, Vec::new());
    let all = async {
        for &memory_mb in sizes {
            if current != memory_mb {
                context.notify(&format!("deploying {memory_mb} MB …"));
                // Also where that fails half-way.
                current = memory_mb;
                stack.up(Some(memory_mb)).await?;
            }
            measured.extend(measure(memory_mb).await?);
        }
        Ok(())
    };
    let result: Result<()> = all.await;
    stack.remove_copy()?;
    if current != deployed {
        context.notify(&format!("deploying {deployed} MB again …"));
        let option = context.deployment.stack_option();
        stack.up(None).await.with_context(|| {
            format!("the functions still have {current} MB: deploy the stack with: pulumi up {option}")
        })?;
    }
    result.map(|()| measured)
}

/// The stack, as Pulumi's command line sees it.
struct PulumiStack<'a> {
    project: &'a Project,
    scenario: &'a str,
    stack: &'a str,
    /// A copy of the stack's configuration.
    copy: PathBuf,
}

impl<'a> PulumiStack<'a> {
    /// The stack of a run, if it is deployed as it is configured.
    async fn unchanged<Deployed: AsRef<Deployment>>(run: &'a Run<Deployed>) -> Result<Self> {
        let stack = Self::new(&run.project, run.scenario, &run.deployment().stack)?;
        run.context().notify("checking that the stack is deployed as it is configured …");
        stack.expect_no_changes().await?;
        Ok(stack)
    }

    fn new(project: &'a Project, scenario: &'a str, stack: &'a str) -> Result<Self> {
        let copy = project.folder("runs")?.join(format!("{scenario}-{stack}.yaml"));
        let own = project.root.join(format!("Pulumi.{stack}.yaml"));
        let text = if own.exists() { fs::read(&own) } else { Ok(Vec::new()) };
        let text = text.with_context(|| format!("cannot read {}", own.display()))?;
        fs::write(&copy, text).with_context(|| format!("cannot write {}", copy.display()))?;
        Ok(Self { project, scenario, stack, copy })
    }

    fn remove_copy(&self) -> Result<()> {
        fs::remove_file(&self.copy).with_context(|| format!("cannot remove {}", self.copy.display()))
    }

    /// The sweep is to change the memory, and nothing else.
    async fn expect_no_changes(&self) -> Result<()> {
        let preview = ["preview", "--expect-no-changes", "--non-interactive"];
        self.pulumi(&preview, false).await.with_context(|| {
            format!(
                "the stack is not deployed as it is configured: deploy it first with: pulumi up --stack {}",
                self.stack
            )
        })
    }

    /// Deploys the stack, with a memory size in place of its own.
    async fn up(&self, memory_mb: Option<u64>) -> Result<()> {
        if let Some(memory_mb) = memory_mb {
            let (setting, memory) = (format!("{}.memory", self.scenario), memory_mb.to_string());
            self.pulumi(&["config", "set", "--path", &setting, &memory], true).await?;
        }
        let up = ["up", "--yes", "--skip-preview", "--non-interactive"];
        self.pulumi(&up, memory_mb.is_some()).await
    }

    /// Runs Pulumi to its end, in a process group of its own: Ctrl-C in a terminal is for this program alone.
    async fn pulumi(&self, arguments: &[&str], with_copy: bool) -> Result<()> {
        let mut command = Command::new("pulumi");
        command.args(arguments).args(["--stack", self.stack]).current_dir(&self.project.root);
        if with_copy {
            command.arg("--config-file").arg(&self.copy);
        }
        let output = command.stdin(Stdio::null()).process_group(0).output().await;
        let output = output.context(
            "cannot run pulumi: install it, or point at the local environment's: eval \"$(lambench local env)\"",
        )?;
        if output.status.success() {
            return Ok(());
        }
        let said =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).trim().to_owned());
        bail!("pulumi {} failed:\n{}", arguments.join(" "), said.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stacks_own_configuration_is_never_written() {
        let root = tempfile::tempdir().unwrap();
        let project = Project { root: root.path().to_owned(), state: root.path().join(".lambench") };
        let own = root.path().join("Pulumi.dev.yaml");
        fs::write(&own, "config:\n  lambench:memory: 256\n").unwrap();
        let stack = PulumiStack::new(&project, "s3-read", "dev").unwrap();
        assert_ne!(stack.copy, own);
        assert_eq!(fs::read(&stack.copy).unwrap(), fs::read(&own).unwrap());
        stack.remove_copy().unwrap();
        assert!(own.exists() && !stack.copy.exists());
        assert!(
            PulumiStack::new(&project, "s3-read", "unconfigured").is_ok(),
            "a stack may have all defaults"
        );
    }
}
