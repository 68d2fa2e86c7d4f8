//! Makes a result of a contest: samples, statistics, cost and warnings.

use protocol::stats::real;
use results::cost::Cost;
use results::prices::{LAMBDA_REQUEST, LAMBDA_STORAGE, Price, S3_READ, S3_WRITE, compute};
use results::scenario::Detail;
use results::scenario::archive::{Contest, Success};

use super::{Deployed, function_name};
use crate::scenario::shared::cost::quoted;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::series::{Series, Values};

/// Above this σ/mean, a ranking by the mean says little.
const NOISY: f64 = 0.1;
/// Below this number of runs, so does the deviation.
const FEW_RUNS: u64 = 5;

/// The result of one execution.
pub fn result(archive: &Deployed, contest: Contest) -> Measurement {
    let failed_checks = contest.success.is_empty().then(|| "no contender passed".to_owned());
    Measurement {
        series: contest.success.iter().map(|one| series(archive, one)).collect(),
        cost: contest.success.iter().map(|one| cost(archive, one)).collect(),
        warnings: warnings(archive, &contest),
        failed_checks: failed_checks.into_iter().collect(),
        detail: Detail::Archive(contest),
    }
}

/// A contender's short name: `<lang>-<id>`.
pub fn contender<'a>(stack: &str, arn: &'a str) -> &'a str {
    let name = function_name(arn);
    name.split_once(&format!("-{stack}-")).map_or(name, |(_, short)| short)
}

fn series(archive: &Deployed, success: &Success) -> Series {
    Series {
        name: format!("{} billed duration", contender(&archive.deployment.stack, &success.arn)),
        values: Values::Raw(success.durations_ms.iter().copied().map(real).collect()),
        failures: 0,
        per_second: None,
    }
}

fn cost(archive: &Deployed, success: &Success) -> Cost {
    let mut prices: Vec<Price> = compute(&success.architecture).into_iter().collect();
    prices.push(LAMBDA_STORAGE);
    if success.requests_price_usd.is_some() {
        prices.extend([LAMBDA_REQUEST, S3_WRITE, S3_READ]);
    }
    let item = format!("{} run", contender(&archive.deployment.stack, &success.arn));
    quoted(item, success.total_price_usd.unwrap_or(success.run_price_usd), prices)
}

fn warnings(archive: &Deployed, contest: &Contest) -> Vec<String> {
    let mut warnings = contest.warnings.clone();
    let more_runs = format!("pulumi config set runsPerContender 20 {}", archive.deployment.stack_option());
    for success in &contest.success {
        let name = contender(&archive.deployment.stack, &success.arn);
        let variation = real(success.duration_ms_stddev) / real(success.duration_ms);
        if variation > NOISY {
            warnings.push(format!(
                "{name}: its runs vary by {:.0} % (σ/mean): close other programs, or average over more runs: {more_runs}",
                variation * 100.0
            ));
        }
    }
    for (success, slow_downs) in slowed(contest) {
        warnings.push(format!(
            "{}: S3 answered {slow_downs:.0} of its requests a run with 503 SlowDown: it spent time on retries; \
             spread its keys over more prefixes, or send fewer requests at once",
            contender(&archive.deployment.stack, &success.arn)
        ));
    }
    if contest.success.iter().any(|one| one.runs_count < FEW_RUNS) {
        warnings.push(format!(
            "fewer than {FEW_RUNS} runs a contender: a difference within ± σ may be chance: {more_runs}"
        ));
    }
    if archive.deployment.endpoint.is_none() && !contest.success.is_empty() {
        warnings.push(
            "S3 requests are not counted on AWS: a contender that makes many may cost more than the ranking says".to_owned(),
        );
    }
    warnings
}

/// Those whom S3 slowed down, and how often a run.
fn slowed(contest: &Contest) -> impl Iterator<Item = (&Success, f64)> {
    let slow_downs = |one: &Success| one.s3?.slow_downs.filter(|count| *count > 0.0);
    contest.success.iter().filter_map(move |one| Some((one, slow_downs(one)?)))
}

#[cfg(test)]
mod tests {
    use results::scenario::archive::S3Use;

    use super::*;
    use crate::scenario::archive::testing::{archive, success};

    #[test]
    fn a_contender_is_named_without_project_and_stack() {
        assert_eq!(
            contender("dev", "arn:aws:lambda:us-east-1:0:function:lambench-dev-rust-stream"),
            "rust-stream"
        );
        assert_eq!(contender("a-b", "arn:aws:lambda:us-east-1:0:function:lambench-a-b-go-x-y"), "go-x-y");
    }

    #[test]
    fn noise_and_few_runs_are_warned_of_with_the_command_that_helps() {
        let mut noisy = success("rust-stream", 2000);
        noisy.duration_ms_stddev = 500;
        let contest =
            Contest { success: vec![noisy], failure: vec![], warnings: vec!["from score".to_owned()] };
        let warnings = warnings(&archive(), &contest);
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert_eq!(warnings[0], "from score");
        assert!(warnings[1].contains("vary by 25 %"), "{warnings:?}");
        assert!(warnings[2].ends_with("pulumi config set runsPerContender 20 --stack dev"), "{warnings:?}");
    }

    #[test]
    fn slow_downs_are_warned_of() {
        let mut slowed = success("rust-stream", 2000);
        slowed.runs_count = 10;
        let (sent_bytes, received_bytes) = (Some(1.0), Some(1.0));
        slowed.s3 =
            Some(S3Use { writes: 9.0, reads: 1.0, sent_bytes, received_bytes, slow_downs: Some(7.0) });
        let contest = Contest { success: vec![slowed], failure: vec![], warnings: vec![] };
        assert!(
            warnings(&archive(), &contest)[0]
                .contains("S3 answered 7 of its requests a run with 503 SlowDown")
        );
    }

    #[test]
    fn on_aws_the_uncounted_requests_are_warned_of() {
        let mut archive = archive();
        archive.deployment.endpoint = None;
        let mut steady = success("rust-stream", 2000);
        steady.runs_count = 10;
        let contest = Contest { success: vec![steady], failure: vec![], warnings: vec![] };
        assert!(warnings(&archive, &contest)[0].contains("S3 requests are not counted on AWS"));
    }
}
