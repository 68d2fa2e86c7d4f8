//! What an earlier run may have left behind, and its removal.

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cleanup::clean_up;
use super::shutdown::{stop, wait_for_invocations};
use super::{Run, machine, request_metrics};
use crate::output;
use crate::scenario::shared::cold_starts;
use crate::scenario::shared::run_file::RunFile;

/// The executions of a contest, of which the last one is being followed.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    executions: Vec<String>,
    since: Timestamp,
}

/// The file that says so, while a run lasts.
pub struct RunMarker(RunFile);

impl RunMarker {
    /// Writes down that this process follows the last of a contest's executions.
    pub fn write(run: &Run, executions: &[String]) -> Result<Self> {
        let file = file(run)?;
        file.write(&Running { executions: executions.to_vec(), since: run.started_at })?;
        Ok(Self(file))
    }

    /// The run is over.
    pub fn remove(self) {
        self.0.remove();
    }
}

/// Makes the stack ready for a run: ends what a killed process of ours left running, refuses to disturb anybody else's
/// run, and removes archives and uploads that shouldn't be there.
pub async fn recover(run: &Run) -> Result<()> {
    let file = file(run)?;
    if let Some(running) = file.left_behind::<Running>()? {
        output::print_error("an earlier run was killed: stopping its execution …");
        stop(run, &running.executions).await?;
        wait_for_invocations(run, &running.executions, running.since).await?;
        file.remove();
    }
    cold_starts::recover(run).await?;
    request_metrics::recover(run).await?;
    machine(run).refuse_other().await?;
    clean_up(run).await
}

fn file(run: &Run) -> Result<RunFile> {
    RunFile::of(run, "execution")
}
