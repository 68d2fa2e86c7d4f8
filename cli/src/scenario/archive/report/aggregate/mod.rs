//! Turns what was observed of each contender into the contest's document.

use anyhow::{Result, anyhow};
use protocol::archive::{Contender, Verdict, function_name};
use protocol::stats::{Spread, real, whole};
use results::price_list::PriceList;
use results::prices::{LAMBDA_REQUEST, LAMBDA_STORAGE, RunPrice, S3_READ, S3_WRITE, gigabytes};
use results::scenario::archive::{Class, Contest, Failure, S3Use, Success};

use super::disqualification::{disqualification, too_slow_or_unsteady};
use super::requests::Requests;
use super::time::run_time;
use crate::scenario::archive::Run;
use crate::scenario::archive::execute::{Configuration, FanOut, Observation, Observed, RunUse};

/// The contest's document, the cheapest of each class first, and a warning for each contender whose REPORT lines were not found.
///
/// # Errors
/// If a contender's architecture has no price.
pub fn contest(observation: &Observation, run: &Run) -> Result<(Contest, Vec<String>)> {
    let max_run_seconds = run.deployment().required("maxRunSeconds")?;
    // A stack that was deployed by an earlier version has no such limit.
    let max_mean_plus_sigma_seconds = run.deployment().setting("maxMeanPlusSigmaSeconds").unwrap_or(0);
    let options = &observation.options;
    let mut contest = Contest { options: Some(options.clone()), ..Contest::default() };
    let mut warnings = Vec::new();
    for observed in &observation.contenders {
        let Contender { arn, runs, .. } = &observed.contender;
        let has_all_runs = runs.len() as u64 >= options.runs_per_contender;
        // Runs that are still to come may change a mean.
        let unsteady =
            || too_slow_or_unsteady(observed, max_mean_plus_sigma_seconds).filter(|_| has_all_runs);
        if let Some(reason) = disqualification(observed, max_run_seconds).or_else(unsteady) {
            contest.failure.push(Failure { arn: arn.clone(), reason });
            continue;
        }
        let mut success = success(observed, Requests::of(observation, observed), &run.prices)?;
        success.time = run_time(observed, &observation.cpu);
        success.predicted = observation.predictions.get(arn).copied();
        if matches!(observed.fan_out, FanOut::Unknown) && run.deployed.self_invoking.contains(arn) {
            success.class = Class::FanOut;
            success.no_rank =
                Some("it may invoke itself, and its log does not say how often it did".to_owned());
        }
        let list = if has_all_runs && success.no_rank.is_none() {
            &mut contest.success
        } else {
            &mut contest.unranked
        };
        list.push(success);
        warnings.extend(missing_reports(observed));
    }
    contest.success.sort_by(|a, b| a.class.cmp(&b.class).then(a.run_price_usd.total_cmp(&b.run_price_usd)));
    Ok((contest, warnings))
}

/// The figures of a contender that is not out.
fn success(observed: &Observed, requests: Requests, prices: &PriceList) -> Result<Success> {
    let Observed { contender, configuration, .. } = observed;
    let reports = observed.reports().unwrap_or_default();
    let durations_ms = durations_ms(observed);
    let spread = Spread::of(&durations_ms).unwrap_or(Spread { mean: 0.0, stddev: 0.0, min: 0.0, max: 0.0 });
    let Configuration { runtime, architecture, memory_mb, storage_mb, .. } = configuration.clone();
    let used = used(&observed.fan_out);
    // The exact mean of one invocation's time, or that of all invocations.
    let runs = real(contender.runs.len() as u64);
    let billed_ms = used.all.map_or(spread.mean, |all| all.billed_ms / runs);
    let price = RunPrice::new(prices, &architecture, memory_mb, storage_mb, billed_ms)
        .ok_or_else(|| without_price(&contender.arn, &architecture))?;
    let invocations = used.all.map_or(1.0, |all| real(all.invocations) / runs);
    let Requests { s3, source } = requests;
    let requests_price_usd = s3.as_ref().map(|s3| requests_price_usd(s3, invocations, prices));
    let max_memory_mb = reports.iter().map(|report| report.max_memory_mb).max();
    let cold_starts: Vec<f64> = reports.iter().filter_map(|report| report.init_ms).collect();
    Ok(Success {
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
        storage_rate_usd: prices.quote(LAMBDA_STORAGE).usd,
        compute_price_usd: price.compute_price_usd,
        storage_price_usd: price.storage_price_usd,
        run_price_usd: price.total_usd(),
        class: used.class,
        no_rank: used.no_rank,
        invocations: used.runs.iter().map(|run| run.invocations).collect(),
        billed_gb_seconds: used
            .runs
            .iter()
            .map(|run| gigabytes(memory_mb) * run.billed_ms / 1000.0)
            .collect(),
        max_memory_mb: max_memory_mb.map(|mb| mb.max(used.all.map_or(0, |all| all.max_memory_mb))),
        cold_start_ms: Spread::of(&cold_starts).map(|spread| spread.mean),
        cold_runs: observed.reports().map(|_| cold_starts.len() as u64),
        requests_source: Some(source),
        requests_price_usd,
        total_price_usd: requests_price_usd.map(|usd| price.total_usd() + usd),
        s3,
        archive_bytes: archive_bytes(contender),
        durations_ms: durations_ms.into_iter().map(whole).collect(),
        time: None,
        predicted: None,
    })
}

/// What a contender's runs used of its function.
#[derive(Default)]
struct Used {
    class: Class,
    no_rank: Option<String>,
    /// Each run; empty where nobody can tell them apart.
    runs: Vec<RunUse>,
    /// All runs together, as far as is known; none where nobody knows.
    all: Option<RunUse>,
}

fn used(fan_out: &FanOut) -> Used {
    match fan_out {
        FanOut::Unknown => Used::default(),
        FanOut::Untold { reason, all } => {
            Used { class: Class::FanOut, no_rank: Some(reason.clone()), runs: Vec::new(), all: Some(*all) }
        }
        FanOut::Known(runs) => {
            let has_further = runs.iter().any(|run| run.invocations > 1);
            let class = if has_further { Class::FanOut } else { Class::OneInvocation };
            Used { class, no_rank: None, runs: runs.clone(), all: Some(RunUse::sum(runs)) }
        }
    }
}

fn without_price(arn: &str, architecture: &str) -> anyhow::Error {
    anyhow!("'{arn}' runs on '{architecture}', for which no price is known: deploy it on arm64 or x86_64")
}

/// What a run's requests to S3 and its invocations cost.
fn requests_price_usd(s3: &S3Use, invocations: f64, prices: &PriceList) -> f64 {
    let usd = |price| prices.quote(price).usd;
    s3.writes * usd(S3_WRITE) + s3.reads * usd(S3_READ) + invocations * usd(LAMBDA_REQUEST)
}

/// Size of the archive of the first run.
fn archive_bytes(contender: &Contender) -> u64 {
    match contender.runs.iter().min_by_key(|run| run.run).and_then(|run| run.verdict.as_ref()) {
        Some(Verdict::Valid { archive_bytes, .. }) => *archive_bytes,
        _ => 0,
    }
}

fn missing_reports(observed: &Observed) -> Option<String> {
    let Contender { arn, runs, .. } = &observed.contender;
    let missing = runs.iter().filter(|run| observed.report(run).is_none()).count();
    (missing > 0).then(|| {
        format!(
            "{}: {missing} of its {} runs have no REPORT line, so its durations are those of the state \
             machine, with start-up and waiting, and those runs cannot be disqualified as too slow: run the \
             contest again, and check that the function may write its log group",
            function_name(arn),
            runs.len()
        )
    })
}

/// The billed durations in order of run; without a REPORT line for each run, the state machine's.
fn durations_ms(observed: &Observed) -> Vec<f64> {
    match observed.reports() {
        Some(reports) => reports.iter().map(|report| report.billed_ms).collect(),
        None => observed.contender.runs.iter().map(|run| run.elapsed_ms).collect(),
    }
}

#[cfg(test)]
mod tests;
