//! Turns what the state machine saw of each contender into the contest's document.

use jiff::Timestamp;
use protocol::stats::{Spread, real, whole};
use results::prices::{LAMBDA_STORAGE, RunPrice};
use results::scenario::archive::{Contest, Failure, Success};
use serde::Deserialize;

use results::billing_log::Report;

/// What the state machine collected.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The contenders in the order in which they were given.
    pub contenders: Vec<Contender>,
}

/// One contender's runs and what the judge said about them.
#[derive(Debug, Clone, Deserialize)]
pub struct Contender {
    /// The function's ARN.
    pub arn: String,
    /// When its runs started.
    pub started: Timestamp,
    /// When its runs had ended.
    pub ended: Timestamp,
    /// Its runs.
    pub runs: Vec<Run>,
    /// The judge's verdicts; none if a run failed.
    pub verdicts: Vec<Verdict>,
}

/// One run.
#[derive(Debug, Clone, Deserialize)]
pub struct Run {
    /// Its number, from 0.
    pub run: u64,
    /// Its time as the state machine saw it, ms.
    pub elapsed_ms: f64,
    /// The error's name, if it failed.
    pub error: Option<String>,
    /// The error's message, if it failed.
    pub cause: Option<String>,
}

/// What the judge said about one run's archive.
#[derive(Debug, Clone, Deserialize)]
pub struct Verdict {
    /// The run.
    pub run: u64,
    /// Whether the archive is right.
    pub valid: bool,
    /// What is wrong with it.
    pub reason: Option<String>,
    /// Size of the archive, bytes.
    pub archive_bytes: Option<u64>,
}

/// What a function is configured to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Such as `provided.al2023`.
    pub runtime: String,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory, MB.
    pub memory_mb: u64,
    /// Ephemeral storage, MB.
    pub storage_mb: u64,
}

/// The reason why a contender is out, if it is.
#[must_use]
pub fn disqualification(contender: &Contender, max_run_seconds: u64) -> Option<String> {
    if contender.runs.is_empty() {
        return Some("crash: no run was started: set runsPerContender to 1 or more".to_owned());
    }
    if let Some(reason) = contender.runs.iter().find_map(failed) {
        return Some(reason);
    }
    if let Some(verdict) = contender.verdicts.iter().find(|verdict| !verdict.valid) {
        return Some(
            verdict.reason.clone().unwrap_or_else(|| "invalid: the judge gave no reason".to_owned()),
        );
    }
    let judged = |run: &&Run| contender.verdicts.iter().any(|verdict| verdict.run == run.run);
    if let Some(run) = contender.runs.iter().find(|run| !judged(run)) {
        return Some(format!(
            "invalid: run {} has no verdict: see the judge's log, and run the contest again",
            run.run
        ));
    }
    contender.runs.iter().find_map(|run| too_slow(run, max_run_seconds))
}

fn failed(run: &Run) -> Option<String> {
    let error = run.error.as_deref()?;
    let cause = run.cause.as_deref().unwrap_or_default();
    let timed_out =
        matches!(error, "Sandbox.Timedout" | "States.Timeout") || cause.contains("Task timed out");
    let kind = if timed_out { "timeout" } else { "crash" };
    Some(format!("{kind}: {error} / {cause}"))
}

fn too_slow(run: &Run, max_run_seconds: u64) -> Option<String> {
    let seconds = run.elapsed_ms / 1000.0;
    (seconds > real(max_run_seconds))
        .then(|| format!("too slow: run {} took {seconds:.1} s, the limit is {max_run_seconds} s", run.run))
}

/// A function whose architecture has no price.
#[derive(Debug, thiserror::Error)]
#[error("'{arn}' runs on '{architecture}', for which no price is known: deploy it on arm64 or x86_64")]
pub struct PriceError {
    arn: String,
    architecture: String,
}

/// The figures of a contender that is not out, and a warning if its REPORT lines were not found.
///
/// # Errors
/// [`PriceError`] if its architecture has no price.
pub fn success(
    contender: &Contender,
    configuration: Configuration,
    reports: &[Report],
) -> Result<(Success, Option<String>), PriceError> {
    let complete = reports.len() == contender.runs.len();
    let warning = (!complete).then(|| missing_reports(contender, reports.len()));
    let reports = if complete { reports } else { &[] };
    let durations_ms = if complete { by_rank(contender, reports) } else { elapsed(contender) };
    let spread = Spread::of(&durations_ms).unwrap_or(Spread { mean: 0.0, stddev: 0.0, min: 0.0, max: 0.0 });
    let Configuration { runtime, architecture, memory_mb, storage_mb } = configuration;
    let price = RunPrice::new(&architecture, memory_mb, storage_mb, spread.mean)
        .ok_or_else(|| PriceError { arn: contender.arn.clone(), architecture: architecture.clone() })?;
    let cold_starts: Vec<f64> = reports.iter().filter_map(|report| report.init_ms).collect();
    let first = contender.verdicts.iter().min_by_key(|verdict| verdict.run);
    let success = Success {
        arn: contender.arn.clone(),
        runtime,
        architecture,
        memory_mb,
        ephemeral_storage_mb: storage_mb,
        runs_count: contender.runs.len() as u64,
        duration_ms: whole(spread.mean),
        duration_ms_stddev: whole(spread.stddev),
        duration_ms_min: whole(spread.min),
        duration_ms_max: whole(spread.max),
        gb_second_compute: price.gb_second_compute,
        gb_second_storage: price.gb_second_storage,
        compute_rate_usd: price.compute_rate_usd,
        storage_rate_usd: LAMBDA_STORAGE.usd,
        compute_price_usd: price.compute_price_usd,
        storage_price_usd: price.storage_price_usd,
        run_price_usd: price.total_usd(),
        max_memory_mb: reports.iter().map(|report| report.max_memory_mb).max(),
        cold_start_ms: Spread::of(&cold_starts).map(|spread| spread.mean),
        requests_price_usd: None,
        total_price_usd: None,
        s3: None,
        archive_bytes: first.and_then(|verdict| verdict.archive_bytes).unwrap_or_default(),
        durations_ms: durations_ms.into_iter().map(whole).collect(),
    };
    Ok((success, warning))
}

fn elapsed(contender: &Contender) -> Vec<f64> {
    contender.runs.iter().map(|run| run.elapsed_ms).collect()
}

/// The billed durations in order of run.
///
/// A line does not say which run it belongs to, and runs overlap: the longest goes to the run that took
/// longest.
fn by_rank(contender: &Contender, reports: &[Report]) -> Vec<f64> {
    let mut billed: Vec<f64> = reports.iter().map(|report| report.billed_ms).collect();
    billed.sort_by(f64::total_cmp);
    let mut order: Vec<usize> = (0..contender.runs.len()).collect();
    order.sort_by(|a, b| contender.runs[*a].elapsed_ms.total_cmp(&contender.runs[*b].elapsed_ms));
    let mut durations = vec![0.0; billed.len()];
    for (run, billed) in order.into_iter().zip(billed) {
        durations[run] = billed;
    }
    durations
}

fn missing_reports(contender: &Contender, found: usize) -> String {
    let function = function_name(&contender.arn);
    format!(
        "{function}: found {found} REPORT lines for {} runs, so its durations are those of the state machine, with \
         start-up and queueing: run the contest again, alone, and check that the function may write its log group",
        contender.runs.len()
    )
}

/// The contest's document: the cheapest first.
#[must_use]
pub fn rank(mut success: Vec<Success>, failure: Vec<Failure>, warnings: Vec<String>) -> Contest {
    success.sort_by(|a, b| a.run_price_usd.total_cmp(&b.run_price_usd));
    Contest { success, failure, warnings }
}

/// The function's name in `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`.
#[must_use]
pub fn function_name(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
