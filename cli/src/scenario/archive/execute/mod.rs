//! One contest: starts the state machine, follows it, and collects what AWS knows of the contenders' runs.

mod cleanup;
mod contender;
mod recovery;
mod s3_requests;
mod shutdown;

use anyhow::{Result, bail};
use futures::future::try_join_all;
use protocol::archive::{Deployed, Execution};
use serde_json::json;
use tokio::time::Instant;

pub use contender::{Configuration, Observed};
pub use s3_requests::S3Requests;
#[cfg(test)]
pub use s3_requests::{Counts, Requests};

use super::Run;
use crate::exit::Interrupted;
use crate::progress::Progress;
use crate::scenario::shared::state_machine::{Ended, Machine};
use crate::shutdown::requested;
use recovery::RunMarker;

/// What was seen of a contest.
pub struct Observation {
    /// The contenders in the order in which they were given.
    pub contenders: Vec<Observed>,
    /// What they asked of S3.
    pub s3_requests: S3Requests,
    /// What went wrong besides.
    pub warnings: Vec<String>,
}

/// Runs a contest.
///
/// # Errors
/// If the stack has no contender, somebody else's run is under way, or AWS fails; [`Interrupted`] if the user ended it.
pub async fn execute(run: &Run) -> Result<Observation> {
    let archive = &run.deployed;
    if archive.contenders.is_empty() {
        bail!(
            "the stack has no contender: put one into contenders/<lang>/<id>/, then: {}",
            archive.deployment.pulumi("up")
        );
    }
    recovery::recover(run).await?;
    let before = s3_requests::count(&archive.deployment).await;
    let execution = execution(run).await?;
    let after = s3_requests::count(&archive.deployment).await;
    let ended = Instant::now();
    let contenders = execution.contenders.into_iter().map(|one| contender::observe(run, one, ended));
    Ok(Observation {
        contenders: try_join_all(contenders).await?,
        s3_requests: S3Requests { before, after },
        warnings: execution.warnings,
    })
}

/// One execution of the state machine, from its start to what it returns.
async fn execution(run: &Run) -> Result<Execution> {
    let machine = machine(run);
    let arn = machine.start(&run.name, &json!({ "contenders": run.deployed.contenders })).await?;
    let marker = RunMarker::write(run, &arn)?;
    let followed = tokio::select! {
        followed = follow(run, &machine, &arn) => followed,
        () = requested() => {
            shutdown::shut_down(run, &arn).await?;
            marker.remove();
            return Err(Interrupted("the execution was stopped and its archives were removed".to_owned()).into());
        }
    };
    // Where following failed, the execution may go on: the marker stays, and the next run ends it.
    let ended = followed?;
    marker.remove();
    ended.output("the contest", |cause| {
        let refill = || format!("refill it with: {}", run.deployed.fill_command);
        cause.contains("source bucket").then(refill)
    })
}

async fn follow(run: &Run, machine: &Machine<'_>, execution: &str) -> Result<Ended> {
    let mut progress = Progress::new(run.progress, steps(&run.deployed));
    let followed = machine.follow(execution, |tasks| {
        let message = format!("invocations ended, {} under way", tasks.scheduled - tasks.ended);
        progress.set(tasks.ended, &message);
    });
    let ended = followed.await;
    progress.end();
    ended
}

/// Every run and its verification, and the two steps around them.
fn steps(archive: &Deployed) -> u64 {
    let runs = archive.deployment.setting("runsPerContender").unwrap_or(1);
    archive.contenders.len() as u64 * runs * 2 + 2
}

fn machine(run: &Run) -> Machine<'_> {
    Machine::new(&run.config, run.deployment(), &run.deployed.state_machine)
}
