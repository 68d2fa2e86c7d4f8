//! One contest: starts the state machine, follows it, and collects what AWS knows of the contenders' runs.

mod cleanup;
mod cold_only;
mod contender;
mod recovery;
mod s3_requests;
mod shutdown;
mod stopped;

use anyhow::{Result, bail};
use futures::future::try_join_all;
use protocol::archive::{Contender, Execution, ExecutionInput};
use results::scenario::archive::ContestOptions;
use serde_json::json;
use tokio::time::Instant;

pub use contender::{Configuration, Observed, configuration};
pub use s3_requests::S3Requests;
#[cfg(test)]
pub use s3_requests::{Counts, Requests};

use super::Run;
use crate::exit::Interrupted;
use crate::progress::Progress;
use crate::scenario::shared::state_machine::{Ended, Machine};
use recovery::RunMarker;
use stopped::Stopped;

/// What was seen of a contest.
pub struct Observation {
    /// What was to be run: contenders that have fewer runs have no rank.
    pub options: ContestOptions,
    /// The contenders in the order in which they were given.
    pub contenders: Vec<Observed>,
    /// What they asked of S3.
    pub s3_requests: S3Requests,
    /// What went wrong besides.
    pub warnings: Vec<String>,
    /// What the user has kept from being run, in words.
    pub missing: Vec<String>,
}

/// Runs a contest. If the user presses Ctrl-C, it is stopped, and the runs that had ended count.
///
/// # Errors
/// If the stack has no contender, somebody else's run is under way, or AWS fails; [`Interrupted`] if the user stopped it before a
/// run had ended, or aborted it.
pub async fn execute(run: &Run, options: ContestOptions) -> Result<Observation> {
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
    let contest = if options.cold_only {
        cold_only::contest(run, options.runs_per_contender).await
    } else {
        contest(run, &options).await
    };
    let Contest { contenders, warnings, missing } = contest?;
    if contenders.is_empty() && !missing.is_empty() {
        let said = "no run had ended; the execution was stopped and its archives were removed";
        return Err(Interrupted(said.to_owned()).into());
    }
    // The requests of cold starts that the user has stopped are those of no run that counts.
    let are_of_runs = missing.is_empty() || !options.cold_only;
    let after = if are_of_runs { s3_requests::count(&archive.deployment).await } else { None };
    let ended = Instant::now();
    run.stop.waits_for("the REPORT lines of the runs that have ended");
    let _spinner = run.context().waiting("reading the contenders' REPORT lines");
    let observed = try_join_all(contenders.into_iter().map(|one| contender::observe(run, one, ended)));
    let contenders = run.stop.unless_aborted(observed, || "the contest is over".to_owned()).await?;
    Ok(Observation { options, contenders, s3_requests: S3Requests { before, after }, warnings, missing })
}

/// What the executions of the state machine have brought.
struct Contest {
    contenders: Vec<Contender>,
    warnings: Vec<String>,
    missing: Vec<String>,
}

/// A contest in one execution.
async fn contest(run: &Run, options: &ContestOptions) -> Result<Contest> {
    let ContestOptions { runs_per_contender, warmup_runs, .. } = *options;
    let mut started = Vec::new();
    let input = input(run, runs_per_contender, warmup_runs);
    if let Some(Execution { contenders, warnings }) = execution(run, &run.name, &input, &mut started).await? {
        return Ok(Contest { contenders, warnings, missing: Vec::new() });
    }
    let measure = stopped::measure(run, runs_per_contender, warmup_runs);
    let Stopped { contenders, missing } = shutdown::shut_down(run, &started, measure).await?;
    Ok(Contest { contenders, warnings: Vec::new(), missing })
}

/// One execution of the state machine, from its start to what it returns; none if the user wants it to stop. `started` are the
/// executions of this contest.
async fn execution(
    run: &Run,
    name: &str,
    input: &ExecutionInput,
    started: &mut Vec<String>,
) -> Result<Option<Execution>> {
    run.stop.waits_for("runs under way and the verification of the archives");
    let machine = machine(run);
    let arn = machine.start(name, &json!(input)).await?;
    started.push(arn.clone());
    let marker = RunMarker::write(run, started)?;
    let mut following = Box::pin(follow(run, &machine, &arn, steps(input)));
    let followed = tokio::select! {
        followed = &mut following => followed,
        () = run.stop.requested() => {
            // Once it cleans up, all runs are measured, and soon no archive is left that could be verified.
            if machine.events(&arn).await?.cleanups == 0 {
                return Ok(None);
            }
            run.stop.unless_aborted(following, || "the contest was cleaning up".to_owned()).await
        }
    };
    // Where following failed, the execution may go on: the marker stays, and the next run ends it.
    let ended = followed?;
    marker.remove();
    ended.output("the contest", |cause| advice(run, cause)).map(Some)
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
    let ended = followed.await?;
    // Fewer where a contender is out before its archives are verified.
    progress.set(steps, "invocations ended or left out");
    progress.end();
    Ok(ended)
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
