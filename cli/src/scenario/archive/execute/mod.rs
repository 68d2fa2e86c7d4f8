//! One contest: starts the state machine, follows it, and collects what AWS knows of the contenders' runs.

mod cleanup;
mod cold_only;
mod contender;
mod fan_out;
mod recovery;
mod request_metrics;
mod s3_requests;
mod shutdown;
mod stopped;

use std::time::Duration;

use anyhow::{Result, bail};
use futures::future::try_join_all;
use protocol::archive::{Contender, Execution, ExecutionInput};
use results::cpu::InvocationCpu;
use results::scenario::archive::{ContestOptions, S3Use};
use serde_json::json;
use tokio::time::Instant;

pub use contender::{Configuration, Observed, configuration};
pub use fan_out::{FanOut, RunUse};
pub use request_metrics::SECONDS as METRICS_SECONDS;
pub use s3_requests::S3Requests;
#[cfg(test)]
pub use s3_requests::{Counts, Requests};

use super::Run;
use super::prediction::{self, Predictions};
use crate::exit::Interrupted;
use crate::output;
use crate::progress::Progress;
use crate::scenario::shared::cpu;
use crate::scenario::shared::state_machine::{Ended, Machine};
use recovery::RunMarker;
use request_metrics::RequestMetrics;
use stopped::Stopped;

/// What was seen of a contest.
pub struct Observation {
    /// What was to be run: contenders that have fewer runs have no rank.
    pub options: ContestOptions,
    /// The contenders in the order in which they were given.
    pub contenders: Vec<Observed>,
    /// What was predicted of them before the first run.
    pub predictions: Predictions,
    /// What they asked of S3.
    pub s3_requests: S3Requests,
    /// What the last invocations had of this machine's processors; none on AWS.
    pub cpu: Vec<InvocationCpu>,
    /// What went wrong besides.
    pub warnings: Vec<String>,
    /// What the user has kept from being run, in words.
    pub missing: Vec<String>,
}

/// Runs a contest; `by_metrics` has S3's request metrics count the requests. If the user presses Ctrl-C, it is stopped, and the runs
/// that had ended count.
///
/// # Errors
/// If the stack has no contender, somebody else's run is under way, or AWS fails; [`Interrupted`] if the user stopped it before a
/// run had ended, or aborted it.
pub async fn execute(run: &Run, options: ContestOptions, by_metrics: bool) -> Result<Observation> {
    let archive = &run.deployed;
    if archive.contenders.is_empty() {
        bail!(
            "the stack has no contender: put one into contenders/<lang>/<id>/, then: {}",
            archive.deployment.pulumi("up")
        );
    }
    let recovered = recovery::recover(run);
    run.stop.unless_requested(recovered, || "no run was started".to_owned()).await?;
    let Some(bucket) = archive.bucket.as_deref().filter(|_| by_metrics) else {
        return observe(run, options, None).await;
    };
    let metrics = RequestMetrics::begin(run, bucket).await?;
    let observed = observe(run, options, Some(&metrics)).await;
    let ended = metrics.end().await;
    let left = |error| {
        format!("the bucket's request metrics cost money until pulumi destroy or the next run: {error:#}")
    };
    match (observed, ended.map_err(left)) {
        (Ok(mut observation), ended) => {
            observation.warnings.extend(ended.err());
            Ok(observation)
        }
        (Err(error), ended) => {
            if let Err(left) = ended {
                output::print_error(format_args!("warning: {left}"));
            }
            Err(error)
        }
    }
}

/// Runs a contest, and collects what there is to know of it.
async fn observe(
    run: &Run,
    options: ContestOptions,
    metrics: Option<&RequestMetrics<'_>>,
) -> Result<Observation> {
    let archive = &run.deployed;
    let predictions = prediction::of_contenders(run).await?;
    if let Some(metrics) = metrics {
        let started = async {
            metrics.wait_for_start().await;
            Ok(())
        };
        run.stop.unless_requested(started, || "no run was started".to_owned()).await?;
    }
    let before = s3_requests::count(&archive.deployment).await;
    let contest = if options.cold_only {
        cold_only::contest(run, options.runs_per_contender).await
    } else {
        contest(run, &options, metrics.map(|_| request_metrics::PAUSE.as_secs())).await
    };
    let Contest { contenders, mut warnings, missing } = contest?;
    if contenders.is_empty() && !missing.is_empty() {
        let said = "no run had ended; the execution was stopped and its archives were removed";
        return Err(Interrupted(said.to_owned()).into());
    }
    let ended = Instant::now();
    run.stop.waits_for("the REPORT lines of the runs that have ended");
    let _spinner = run.context().waiting("reading the contenders' REPORT lines");
    let was_stopped = !missing.is_empty();
    let observed =
        try_join_all(contenders.into_iter().map(|one| contender::observe(run, one, ended, was_stopped)));
    let contenders = run.stop.unless_aborted(observed, || "the contest is over".to_owned()).await?;
    // Once all that runs caused has ended. The requests of cold starts that the user has stopped are those of no run that counts.
    let are_of_runs = missing.is_empty() || !options.cold_only;
    let after = if are_of_runs { s3_requests::count(&archive.deployment).await } else { None };
    let by_metrics = match metrics.filter(|_| missing.is_empty()) {
        Some(metrics) => by_metrics(run, metrics, &contenders, ended, &mut warnings).await?,
        None => None,
    };
    let s3_requests = S3Requests { before, after, by_metrics };
    let cpu = cpu::counts(&archive.deployment).await.map(cpu::Counts::invocations).unwrap_or_default();
    Ok(Observation { options, contenders, predictions, s3_requests, cpu, warnings, missing })
}

/// What S3's request metrics say of the only contender.
async fn by_metrics(
    run: &Run,
    metrics: &RequestMetrics<'_>,
    contenders: &[Observed],
    ended: Instant,
    warnings: &mut Vec<String>,
) -> Result<Option<S3Use>> {
    let [Observed { contender, last_ended_ms, .. }] = contenders else { return Ok(None) };
    let late_ms = u64::try_from(last_ended_ms - contender.ended_ms).unwrap_or(0);
    if Duration::from_millis(late_ms) > request_metrics::LATE {
        warnings.push(
            "invocations went on for minutes after the last run, while archives were verified: S3's request metrics cannot tell \
             whose requests are whose, so they are not used"
                .to_owned(),
        );
        return Ok(None);
    }
    let runs = contender.runs.len() as u64;
    let read = metrics.mean_of(runs, (contender.started_ms, contender.ended_ms), ended);
    let found = run.stop.unless_aborted(read, || "the contest is over".to_owned()).await;
    warnings.push(match &found {
        Ok(Some(_)) => {
            "S3's request metrics are delivered on a best-effort basis: some requests may be missing"
                .to_owned()
        }
        Ok(None) => {
            "CloudWatch had no request metrics of the bucket within half an hour: run the contest again"
                .to_owned()
        }
        Err(error) if error.is::<Interrupted>() => return found,
        // The contest itself has its figures.
        Err(error) => format!("S3's request metrics are missing: {error:#}"),
    });
    Ok(found.unwrap_or_default())
}

/// What the executions of the state machine have brought.
struct Contest {
    contenders: Vec<Contender>,
    warnings: Vec<String>,
    missing: Vec<String>,
}

/// A contest in one execution.
async fn contest(run: &Run, options: &ContestOptions, pause_seconds: Option<u64>) -> Result<Contest> {
    let ContestOptions { runs_per_contender, warmup_runs, .. } = *options;
    let mut started = Vec::new();
    let input = ExecutionInput { pause_seconds, ..input(run, runs_per_contender, warmup_runs) };
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
    let contenders = run.deployed.contenders.clone();
    ExecutionInput { contenders, runs_per_contender, warmup_runs, pause_seconds: None }
}

/// Every run and its verification, warm-up runs, which are not verified, and the two steps around them.
fn steps(input: &ExecutionInput) -> u64 {
    input.contenders.len() as u64 * (input.warmup_runs + 2 * input.runs_per_contender) + 2
}

fn machine(run: &Run) -> Machine<'_> {
    Machine::new(&run.config, run.deployment(), &run.deployed.state_machine)
}
