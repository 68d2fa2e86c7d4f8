//! What memory buys: the readers are deployed with one size after the other, and with the stack's own in the end.
//!
//! The sizes stand in a copy of the stack's configuration, so that whatever ends the run, `pulumi up` brings back what the
//! stack's own says.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::task::JoinHandle;

use super::Test;
use super::find::{self, Found, UnderWay};
use crate::exit::Interrupted;
use crate::project::Project;
use crate::shutdown::requested;

/// The stack, as Pulumi's command line sees it.
struct PulumiStack<'a> {
    project: &'a Project,
    stack: &'a str,
    /// A copy of the stack's configuration.
    copy: PathBuf,
}

/// Reads with each memory size.
///
/// # Errors
/// If the stack has changes that aren't deployed, a deployment or a run fails; [`Interrupted`] if the user ended it.
pub async fn run(project: &Project, test: &Test) -> Result<Vec<Found>> {
    let stack_option = test.s3_read.deployment.stack_option();
    let deployed = test.s3_read.deployment.required("memory")?;
    let deployment = PulumiStack::new(project, &test.s3_read.deployment.stack)?;
    test.context().notify("looking whether the stack is deployed as it is configured …");
    deployment.expect_no_changes().await?;
    // From now on, Ctrl-C ends a measurement, but no deployment.
    let mut interrupt = tokio::spawn(requested());
    let mut current = deployed;
    let found = sizes(test, &deployment, &mut current, &mut interrupt).await;
    interrupt.abort();
    deployment.remove_copy()?;
    if current != deployed {
        test.context().notify(&format!("deploying {deployed} MB again …"));
        deployment.up(None).await.with_context(|| {
            format!("the readers still have {current} MB: deploy the stack with: pulumi up {stack_option}")
        })?;
    }
    found
}

async fn sizes(
    test: &Test,
    deployment: &PulumiStack<'_>,
    current: &mut u64,
    interrupt: &mut JoinHandle<()>,
) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for &memory_mb in &test.plan.memories {
        if *current != memory_mb {
            test.context().notify(&format!("deploying {memory_mb} MB …"));
            // Also where that fails half-way.
            *current = memory_mb;
            deployment.up(Some(memory_mb)).await?;
        }
        let under_way = UnderWay::default();
        let variants = tokio::select! {
            variants = find::all_variants(test, memory_mb, &under_way) => variants?,
            _ = &mut *interrupt => return Err(Interrupted(find::stays(test, &under_way)).into()),
        };
        found.extend(variants);
    }
    Ok(found)
}

impl<'a> PulumiStack<'a> {
    fn new(project: &'a Project, stack: &'a str) -> Result<Self> {
        let copy = project.folder("runs")?.join(format!("s3-read-{stack}.yaml"));
        let own = project.root.join(format!("Pulumi.{stack}.yaml"));
        let text = if own.exists() { fs::read(&own) } else { Ok(Vec::new()) };
        let text = text.with_context(|| format!("can't read {}", own.display()))?;
        fs::write(&copy, text).with_context(|| format!("can't write {}", copy.display()))?;
        Ok(Self { project, stack, copy })
    }

    fn remove_copy(&self) -> Result<()> {
        fs::remove_file(&self.copy).with_context(|| format!("can't remove {}", self.copy.display()))
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

    /// Deploys the stack, with the readers' memory in place of its own.
    async fn up(&self, memory_mb: Option<u64>) -> Result<()> {
        if let Some(memory_mb) = memory_mb {
            let memory = memory_mb.to_string();
            self.pulumi(&["config", "set", "--path", "s3-read.memory", &memory], true).await?;
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
            "can't run pulumi: install it, or point at the local environment's: eval \"$(lambench local env)\"",
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
        let deployment = PulumiStack::new(&project, "dev").unwrap();
        assert_ne!(deployment.copy, own);
        assert_eq!(fs::read(&deployment.copy).unwrap(), fs::read(&own).unwrap());
        deployment.remove_copy().unwrap();
        assert!(own.exists() && !deployment.copy.exists());
        assert!(PulumiStack::new(&project, "unconfigured").is_ok(), "a stack may have all defaults");
    }
}
