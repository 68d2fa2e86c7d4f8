//! What a run writes down while it lasts: whoever finds it behind a dead process puts things right.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use protocol::deployment::Deployment;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::run::Run;

/// A file in `.lambench/runs/`, one for each scenario, stack and purpose.
pub struct RunFile(PathBuf);

/// What is in it.
#[derive(Debug, Serialize, Deserialize)]
struct Written<T> {
    process: u32,
    #[serde(flatten)]
    content: T,
}

impl RunFile {
    /// The file of a run's scenario and stack for a purpose, whether it exists or not.
    ///
    /// # Errors
    /// If its folder cannot be created.
    pub fn of<Deployed: AsRef<Deployment>>(run: &Run<Deployed>, purpose: &str) -> Result<Self> {
        let deployment = run.deployment();
        let kind = if deployment.is_on_aws() { "aws" } else { "local" };
        let name = format!("{}-{}-{kind}-{purpose}.json", run.scenario, deployment.stack);
        Ok(Self(run.project.folder("runs")?.join(name)))
    }

    /// Writes something down for this process.
    ///
    /// # Errors
    /// If that fails.
    pub fn write<T: Serialize>(&self, content: &T) -> Result<()> {
        let written = Written { process: std::process::id(), content };
        fs::write(&self.0, serde_json::to_vec(&written)?)
            .with_context(|| format!("cannot write {}", self.0.display()))
    }

    /// What a process that was killed has written; none if there is nothing, or nothing that can be read.
    ///
    /// # Errors
    /// If that process is alive, and so its run under way.
    pub fn left_behind<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let written =
            fs::read(&self.0).ok().and_then(|bytes| serde_json::from_slice::<Written<T>>(&bytes).ok());
        match written {
            Some(Written { process, .. }) if is_lambench(process) => bail!(
                "process {process} is already running this stack: wait for it, or stop it with: kill -INT {process}"
            ),
            written => Ok(written.map(|written| written.content)),
        }
    }

    /// Removes the file, if there is one. One that stays is no harm: the next run finds its process gone.
    pub fn remove(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether a process lives and is ours: a process number may have been given to another program since.
fn is_lambench(process: u32) -> bool {
    fs::read_link(format!("/proc/{process}/exe"))
        .is_ok_and(|exe| exe.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lambench")))
}
