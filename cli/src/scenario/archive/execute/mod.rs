//! One contest: starts the state machine, follows it, and collects what AWS knows of the contenders' runs.

mod cleanup;
mod cold_only;
mod contender;
mod recovery;
mod s3_requests;
mod shutdown;

use anyhow::{Result, bail};
use futures::future::try_join_all;
use protocol::archive::{Execution, ExecutionInput};
use results::scenario::archive::ContestOptions;
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
    /// What was run.
    pub options: ContestOptions,
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
pub async fn execute(run: &Run, options: ContestOptions) -> Result<Observation> {
    let archive = &run.deployed;
    if archive.contenders.is_empty() {
        bail!(
            "the stack has no contender: put one into contenders/<lang>/<id>/, then: {}",
            archive.deployment.pulumi("up")
        );
    }
    recovery::recover(run).await?;
    let before = s3_requests::count(&archive.deployment).await;
    let execution = if options.cold_only {
        cold_only::contest(run, options.runs_per_contender).await?
    } else {
        let input = input(run, options.runs_per_contender, options.warmup_runs);
        execution(run, &run.name, &input, &mut Vec::new()).await?
    };
    let after = s3_requests::count(&archive.deployment).await;
    let ended = Instant::now();
    let contenders = execution.contenders.into_iter().map(|one| contender::observe(run, one, ended));
    Ok(Observation {
        options,
        contenders: try_join_all(contenders).await?,
        s3_requests: S3Requests { before, after },
        warnings: execution.warnings,
    })
}

/// One execution of the state machine, from its start to what it returns; `started` are those of this contest.
async fn execution(
    run: &Run,
    name: &str,
    input: &ExecutionInput,
    started: &mut Vec<String>,
) -> Result<Execution> {
    let machine = machine(run);
    let arn = machine.start(name, &json!(input)).await?;
    started.push(arn.clone());
    let marker = RunMarker::write(run, started)?;
    let followed = tokio::select! {
        followed = follow(run, &machine, &arn, steps(input)) => followed,
        () = requested() => {
            shutdown::shut_down(run, started).await?;
            marker.remove();
            return Err(Interrupted("the execution was stopped and its archives were removed".to_owned()).into());
        }
    };
    // Where following failed, the execution may go on: the marker stays, and the next run ends it.
    let ended = followed?;
    marker.remove();
    ended.output("the contest", |cause| advice(run, cause))
}

/// What helps against the cause of a failure.
fn advice(run: &Run, cause: &str) -> Option<String> {
    if cause.contains("source bucket") {
        return Some(format!("refill it with: {}", run.deployed.fill_command));
    }
    let is_full = cause.contains("the history of an execution");
    is_full.then(|| {
        "run fewer contenders at once with --contender, or fewer runs with --runs and --warmup".to_owned()
    })
}

async fn follow(run: &Run, machine: &Machine<'_>, execution: &str, steps: u64) -> Result<Ended> {
    let mut progress = Progress::new(run.progress, steps);
    let followed = machine.follow(execution, |tasks| {
        let message = format!("invocations ended, {} under way", tasks.scheduled - tasks.ended);
        progress.set(tasks.ended, &message);
    });
    let ended = followed.await;
    progress.end();
    ended
}

/// An execution's runs: so many of each contender, as its warm-up and as what counts.
fn input(run: &Run, runs_per_contender: u64, warmup_runs: u64) -> ExecutionInput {
    ExecutionInput { contenders: run.deployed.contenders.clone(), runs_per_contender, warmup_runs }
}

/// Every run and its verification, warm-up runs, which are not verified, and the two steps around them.
fn steps(input: &ExecutionInput) -> u64 {
    input.contenders.len() as u64 * (input.warmup_runs + 2 * input.runs_per_contender) + 2
}

fn machine(run: &Run) -> Machine<'_> {
    Machine::new(&run.config, run.deployment(), &run.deployed.state_machine)
}
