//! What an earlier run may have left behind, and its removal.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cleanup::clean_up;
use super::shutdown::wait_for_invocations;
use super::{Run, machine};

/// Which execution a process of ours is following: whoever finds this behind a dead process cleans up.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    process: u32,
    execution: String,
    since: Timestamp,
}

/// The file that says so, while a run lasts.
pub struct RunMarker(PathBuf);

impl RunMarker {
    /// Writes down that this process follows an execution.
    pub fn write(run: &Run, execution: &str) -> Result<Self> {
        let path = path(run)?;
        let running =
            Running { process: std::process::id(), execution: execution.to_owned(), since: run.started_at };
        fs::write(&path, serde_json::to_vec(&running)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(path))
    }

    /// The run is over.
    pub fn remove(self) {
        // A marker that stays is no harm: the next run finds its process gone and its execution ended.
        let _ = fs::remove_file(self.0);
    }
}

/// Makes the stack ready for a run: ends what a killed process of ours left running, refuses to disturb anybody else's
/// run, and removes archives and uploads that shouldn't be there.
pub async fn recover(run: &Run) -> Result<()> {
    let path = path(run)?;
    if let Ok(written) = fs::read(&path) {
        if let Ok(running) = serde_json::from_slice::<Running>(&written) {
            end_orphan(run, &running).await?;
        }
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    machine(run).refuse_other().await?;
    clean_up(run).await
}

async fn end_orphan(run: &Run, running: &Running) -> Result<()> {
    if is_lambench(running.process) {
        bail!(
            "process {} is running this stack already: wait for it, or end it with: kill -INT {0}",
            running.process
        );
    }
    eprintln!("an earlier run was killed: ending its execution …");
    machine(run).stop(&running.execution).await?;
    wait_for_invocations(run, &running.execution, running.since).await
}

fn path(run: &Run) -> Result<PathBuf> {
    let deployment = run.deployment();
    let kind = if deployment.is_on_aws() { "aws" } else { "local" };
    Ok(run.project.folder("runs")?.join(format!("archive-{}-{kind}.json", deployment.stack)))
}

/// Whether a process lives and is ours: a process number may have been given to another program since.
fn is_lambench(process: u32) -> bool {
    fs::read_link(format!("/proc/{process}/exe"))
        .is_ok_and(|exe| exe.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lambench")))
}
