//! What the reader of the ranking should know.

use protocol::archive::LeftOut;
use protocol::stats::real;
use results::scenario::archive::{Contest, ContestOptions, RequestsSource, Success};

use super::{chosen, contender};
use crate::scenario::Scenario;
use crate::scenario::archive::execute::Observation;
use crate::scenario::archive::{Archive, Run};
use crate::scenario::shared::verdict::{Commands, list};

/// Above this σ/mean, a ranking by the mean says little.
const NOISY: f64 = 0.1;
/// Below this number of runs, so does the deviation.
const FEW_RUNS: u64 = 5;
/// Advice about more runs says this many at least.
const MANY_RUNS: u64 = 20;

/// Warnings, each with advice; `missing_reports` are those of contenders without a REPORT line for each run.
pub fn warnings(
    run: &Run,
    observation: &Observation,
    contest: &Contest,
    missing_reports: Vec<String>,
) -> Vec<String> {
    let deployment = run.deployment();
    let mut warnings: Vec<String> = run.deployed.left_out.iter().map(|one| left_out(run, one)).collect();
    warnings.extend(observation.warnings.iter().cloned());
    warnings.extend(missing_reports);
    if !deployment.is_on_aws() && !observation.s3_requests.are_counted() {
        warnings.push(
            "S3's requests were not counted, so their price is missing: see lambench local logs".to_owned(),
        );
    }
    let more_runs = more_runs(run, contest, observation.options.runs_per_contender);
    warnings
        .extend(contest.success.iter().filter_map(|one| noise(&deployment.stack, one, more_runs.as_deref())));
    warnings.extend(contest.success.iter().filter_map(|one| not_warm(run, &observation.options, one)));
    warnings.extend(contest.success.iter().filter_map(|one| slow_downs(&deployment.stack, one)));
    if let Some(more_runs) = more_runs.filter(|_| contest.success.iter().any(|one| one.runs_count < FEW_RUNS))
    {
        warnings.push(format!(
            "fewer than {FEW_RUNS} runs per contender: a difference within ± σ may be chance: {more_runs}"
        ));
    }
    if deployment.is_on_aws() {
        warnings.extend(requests(&deployment.stack, contest));
    }
    warnings
}

/// The command that averages over more runs; none if a contender cannot have more.
fn more_runs(run: &Run, contest: &Contest, runs: u64) -> Option<String> {
    let deployment = run.deployment();
    let more = deployment.clamp("runsPerContender", MANY_RUNS.max(2 * runs));
    let commands = Commands::new(Archive::NAME, &deployment.stack, chosen::options(contest));
    (more > runs).then(|| commands.run_with(&format!(" --runs {more}")))
}

/// Contenders whose requests to S3 nobody knows, or nobody but themselves: AWS counts none by function.
fn requests(stack: &str, contest: &Contest) -> Vec<String> {
    let named = |source| {
        let own = contest.success.iter().filter(|one| one.requests_source == Some(source));
        let names: Vec<_> = own.map(|one| contender(stack, &one.arn).to_owned()).collect();
        (!names.is_empty()).then(|| list(&names))
    };
    let unknown = named(RequestsSource::Unknown).map(|names| {
        format!(
            "AWS does not count S3 requests by function, and nobody knows those of {names}: a contender that sends many may cost \
             more than the ranking says; let it log its own count (docs/contenders.md), or run it alone with --requests metrics"
        )
    });
    let told = named(RequestsSource::Contender).map(|names| {
        format!("the S3 requests of {names} are what the contender says of itself: nobody has checked them")
    });
    unknown.into_iter().chain(told).collect()
}

fn left_out(run: &Run, LeftOut { contender, reason }: &LeftOut) -> String {
    format!("{contender} took no part: {reason}: correct it, then: {}", run.deployment().pulumi("up"))
}

fn noise(stack: &str, success: &Success, more_runs: Option<&str>) -> Option<String> {
    let variation = real(success.duration_ms_stddev) / real(success.duration_ms);
    let more =
        more_runs.map_or_else(String::new, |command| format!(", or average over more runs: {command}"));
    (variation > NOISY).then(|| {
        format!(
            "{}: its runs vary by {:.0} % (σ/mean): close other programs{more}",
            contender(stack, &success.arn),
            variation * 100.0
        )
    })
}

/// Runs that were cold starts although their contender was warmed up.
fn not_warm(run: &Run, options: &ContestOptions, success: &Success) -> Option<String> {
    let cold = success.cold_runs.filter(|cold| options.warmup_runs > 0 && *cold > 0)?;
    let deployment = run.deployment();
    let at_once = deployment.setting("runsAtOnce").unwrap_or(1);
    let advice = if options.warmup_runs < at_once {
        format!("with runsAtOnce {at_once}, it takes --warmup {at_once}")
    } else {
        "Lambda had ended environments, or runs overlapped more than warm-up runs did: run the contest again"
            .to_owned()
    };
    Some(format!(
        "{}: {cold} of its {} counted runs were cold starts in spite of the warm-up: {advice}",
        contender(&deployment.stack, &success.arn),
        success.runs_count
    ))
}

fn slow_downs(stack: &str, success: &Success) -> Option<String> {
    let slow_downs = success.s3?.slow_downs.filter(|count| *count > 0.0)?;
    Some(format!(
        "{}: S3 answered {slow_downs:.0} of its requests per run with 503 SlowDown: it spent time on retries; \
         spread its keys over more prefixes, or send fewer requests at once",
        contender(stack, &success.arn)
    ))
}
