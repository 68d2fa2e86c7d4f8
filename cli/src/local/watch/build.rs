//! `cargo lambda build`, as the Makefile's `build FOR=local` does it.

use std::collections::BTreeSet;
use std::env::consts::ARCH;
use std::env::{join_paths, split_paths, var_os};
use std::io::stderr;
use std::process::Stdio;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::workspace::Workspace;
use crate::project::Project;

/// Amazon Linux 2023 has glibc 2.34.
const GLIBC: &str = "2.34";

/// Cargo, with the cargo-lambda that `make setup` has installed.
///
/// # Errors
///
/// When the checkout is at a path that PATH can't hold.
pub fn cargo(project: &Project) -> Result<Command> {
    let current = var_os("PATH").unwrap_or_default();
    let path = join_paths([project.venv().join("bin")].into_iter().chain(split_paths(&current)))
        .context("the path of the checkout contains ':', which no PATH can hold: move the checkout")?;
    let mut command = Command::new("cargo");
    command.current_dir(&project.root).env("PATH", path);
    Ok(command)
}

/// Build some binaries; Cargo's own output goes to standard error. Returns whether they are built.
///
/// # Errors
///
/// When Cargo can't be run.
pub async fn build(project: &Project, workspace: &Workspace, binaries: &BTreeSet<String>) -> Result<bool> {
    let mut command = cargo(project)?;
    // The whole workspace, so that dependencies have the features that `make build` gives them: with others, Cargo
    // would build them a second time.
    command
        .args(["lambda", "build", "--release", "--locked", "--target"])
        .arg(format!("{ARCH}-unknown-linux-gnu.{GLIBC}"))
        .arg("--workspace")
        .args(workspace.others(&project.root).flat_map(|package| ["--exclude", package]))
        .args(binaries.iter().flat_map(|binary| ["--bin", binary]))
        .stdin(Stdio::null())
        .stdout(stderr())
        // Ctrl-C is for us: we end all that Cargo has begun.
        .process_group(0);
    let child = command.spawn().context("can't run cargo")?;
    Ok(Running(child).0.wait().await?.success())
}

/// A build, which ends with everything it has begun when nobody waits for it any longer.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Without an id it has ended.
        let id = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(id) = id {
            // It may end by itself at this moment.
            let _ = kill_process_group(id, Signal::TERM);
        }
    }
}
