//! One contest: starts the state machine, follows it, and collects what AWS knows of the contenders' runs.

mod cleanup;
mod contender;
mod recovery;
mod s3_requests;
mod shutdown;
mod stopped;

use anyhow::{Result, bail};
use futures::future::try_join_all;
use protocol::archive::{Contender, Deployed, Execution};
use serde_json::json;
use tokio::time::Instant;

pub use contender::{Configuration, Observed};
pub use s3_requests::S3Requests;
#[cfg(test)]
pub use s3_requests::{Counts, Requests};

use super::Run;
use crate::progress::Progress;
use crate::scenario::shared::state_machine::{Ended, Machine};
use recovery::RunMarker;
use stopped::Stopped;

/// What was seen of a contest.
pub struct Observation {
    /// The contenders in the order in which they were given.
    pub contenders: Vec<Observed>,
    /// What they asked of S3.
    pub s3_requests: S3Requests,
    /// What went wrong besides.
    pub warnings: Vec<String>,
    /// The runs that each contender is to have: those that have fewer have no rank.
    pub asked_runs: u64,
    /// What the user has kept from being run, in words.
    pub missing: Vec<String>,
}

/// Runs a contest. If the user presses Ctrl-C, it is stopped, and the runs that had ended count.
///
/// # Errors
/// If the stack has no contender, somebody else's run is under way, or AWS fails; [`crate::exit::Interrupted`] if the user stopped it before a
/// run had ended, or aborted it.
pub async fn execute(run: &Run) -> Result<Observation> {
    let archive = &run.deployed;
    if archive.contenders.is_empty() {
        bail!(
            "the stack has no contender: put one into contenders/<lang>/<id>/, then: {}",
            archive.deployment.pulumi("up")
        );
    }
    let recovered = recovery::recover(run);
    run.stop.unless_requested(recovered, || "no run was started".to_owned()).await?;
    let before = s3_requests::count(&archive.deployment).await;
    let Contest { contenders, warnings, asked_runs, missing } = contest(run).await?;
    let after = s3_requests::count(&archive.deployment).await;
    let ended = Instant::now();
    run.stop.waits_for("the REPORT lines of the runs that have ended");
    let _spinner = run.context().waiting("reading the contenders' REPORT lines");
    let observed = try_join_all(contenders.into_iter().map(|one| contender::observe(run, one, ended)));
    let contenders = run.stop.unless_aborted(observed, || "the contest is over".to_owned()).await?;
    Ok(Observation { contenders, s3_requests: S3Requests { before, after }, warnings, asked_runs, missing })
}

/// What one execution of the state machine has brought.
struct Contest {
    contenders: Vec<Contender>,
    warnings: Vec<String>,
    asked_runs: u64,
    missing: Vec<String>,
}

/// One execution of the state machine, from its start to what it returns.
async fn contest(run: &Run) -> Result<Contest> {
    let asked_runs = run.deployed.deployment.setting("runsPerContender").unwrap_or(1);
    run.stop.waits_for("runs under way and the verification of the archives");
    let machine = machine(run);
    let arn = machine.start(&run.name, &json!({ "contenders": run.deployed.contenders })).await?;
    let marker = RunMarker::write(run, &arn)?;
    let followed = tokio::select! {
        followed = follow(run, &machine, &arn, asked_runs) => followed,
        () = run.stop.requested() => {
            let Stopped { contenders, missing } = shutdown::shut_down(run, &arn, marker, asked_runs).await?;
            return Ok(Contest { contenders, warnings: Vec::new(), asked_runs, missing });
        }
    };
    // Where following failed, the execution may go on: the marker stays, and the next run ends it.
    let ended = followed?;
    marker.remove();
    let Execution { contenders, warnings } = ended.output("the contest", |cause| {
        let refill = || format!("refill it with: {}", run.deployed.fill_command);
        cause.contains("source bucket").then(refill)
    })?;
    Ok(Contest { contenders, warnings, asked_runs, missing: Vec::new() })
}

async fn follow(run: &Run, machine: &Machine<'_>, execution: &str, asked_runs: u64) -> Result<Ended> {
    let steps = steps(&run.deployed, asked_runs);
    let mut progress = Progress::new(run.progress, steps);
    let followed = machine.follow(execution, |tasks| {
        let message = format!("invocations ended, {} under way", tasks.scheduled - tasks.ended);
        progress.set(tasks.ended, &message);
    });
    let ended = followed.await?;
    // Fewer where a contender is out before its archives are verified.
    progress.set(steps, "invocations ended or left out");
    progress.end();
    Ok(ended)
}

/// Every run and its verification, and the two steps around them.
fn steps(archive: &Deployed, asked_runs: u64) -> u64 {
    archive.contenders.len() as u64 * asked_runs * 2 + 2
}

fn machine(run: &Run) -> Machine<'_> {
    Machine::new(&run.config, run.deployment(), &run.deployed.state_machine)
}
