//! What an earlier run may have left behind, and its removal.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sweep::sweep;
use super::{Deployed, interrupt};
use crate::project::Project;

/// Says which execution a process of ours is following: whoever finds it behind a dead process cleans up.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    process: u32,
    execution: String,
    since: Timestamp,
}

/// The file that says so, while a run lasts.
pub struct Record(PathBuf);

impl Record {
    /// Writes down that this process follows an execution, triggered at a time before its first invocation.
    pub fn write(project: &Project, archive: &Deployed, execution: &str, since: Timestamp) -> Result<Self> {
        let path = path(project, archive)?;
        let running = Running { process: std::process::id(), execution: execution.to_owned(), since };
        fs::write(&path, serde_json::to_vec(&running)?)
            .with_context(|| format!("can't write {}", path.display()))?;
        Ok(Self(path))
    }

    /// The run is over.
    pub fn remove(self) {
        // A record that stays is no harm: the next run finds its process gone and its execution ended.
        let _ = fs::remove_file(self.0);
    }
}

/// Makes the stack ready for a run: ends what a killed process of ours left running, refuses to disturb anybody else's
/// run, and removes archives and uploads that shouldn't be there.
pub async fn clear(project: &Project, archive: &Deployed, config: &SdkConfig) -> Result<()> {
    let path = path(project, archive)?;
    if let Ok(written) = fs::read(&path) {
        if let Ok(running) = serde_json::from_slice::<Running>(&written) {
            end_orphan(archive, config, &running).await?;
        }
        fs::remove_file(&path).with_context(|| format!("can't remove {}", path.display()))?;
    }
    archive.machine(config).refuse_other().await?;
    sweep(archive, config).await
}

async fn end_orphan(archive: &Deployed, config: &SdkConfig, running: &Running) -> Result<()> {
    if is_lambench(running.process) {
        bail!(
            "process {} is running this stack already: wait for it, or end it with: kill -INT {0}",
            running.process
        );
    }
    eprintln!("an earlier run was killed: ending its execution …");
    archive.machine(config).stop(&running.execution).await?;
    interrupt::wait_for_invocations(archive, config, &running.execution, running.since).await
}

fn path(project: &Project, archive: &Deployed) -> Result<PathBuf> {
    let deployment = if archive.deployment.endpoint.is_some() { "local" } else { "aws" };
    Ok(project.folder("runs")?.join(format!("archive-{}-{deployment}.json", archive.deployment.stack)))
}

/// Whether a process lives and is ours: a process number may have been given to another program since.
fn is_lambench(process: u32) -> bool {
    fs::read_link(format!("/proc/{process}/exe"))
        .is_ok_and(|exe| exe.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lambench")))
}
