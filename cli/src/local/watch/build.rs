//! Builds functions as the Makefile's `build FOR=local` does.

use std::collections::BTreeSet;
use std::fs;
use std::io::stderr;
use std::process::Stdio;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::workspace::Workspace;
use crate::project::Project;

/// Builds some binaries; Cargo's own output goes to standard error. Returns whether they are built.
///
/// # Errors
///
/// When Cargo cannot be run, or what it has built cannot be copied.
pub async fn build(project: &Project, workspace: &Workspace, binaries: &BTreeSet<String>) -> Result<bool> {
    let mut command = Command::new("cargo");
    // The whole workspace, so that dependencies have the features that `make build` gives them: with others, Cargo
    // would build them a second time.
    command
        .current_dir(&project.root)
        .args(["build", "--locked", "--workspace"])
        .args(binaries.iter().flat_map(|binary| ["--bin", binary]))
        .stdin(Stdio::null())
        .stdout(stderr())
        // Ctrl-C ends this process, which then ends all that Cargo has started.
        .process_group(0);
    let child = command.spawn().context("cannot run cargo")?;
    if !Running(child).0.wait().await?.success() {
        return Ok(false);
    }
    for binary in binaries {
        copy(workspace, binary)?;
    }
    Ok(true)
}

/// Copies a binary to where Pulumi takes it from, unless it is there already.
fn copy(workspace: &Workspace, binary: &str) -> Result<()> {
    let (built, artefact) = (workspace.built(binary), workspace.artefact(binary));
    let content = fs::read(&built).with_context(|| format!("cannot read '{}'", built.display()))?;
    if fs::read(&artefact).is_ok_and(|earlier| earlier == content) {
        return Ok(());
    }
    if let Some(folder) = artefact.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create '{}'", folder.display()))?;
    }
    fs::copy(&built, &artefact).with_context(|| format!("cannot write '{}'", artefact.display()))?;
    Ok(())
}

/// A build. When it is dropped, all its processes end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has an id until it has ended.
        let id = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(id) = id {
            // It may end by itself at this moment.
            let _ = kill_process_group(id, Signal::TERM);
        }
    }
}
