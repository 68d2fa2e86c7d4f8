//! A contest's figures by their names, and what its prices vary by.

use protocol::stats::real;
use results::cost::Cost;
use results::file::RunResult;
use results::prices::{LAMBDA_ARM64, LAMBDA_STORAGE, LAMBDA_X86_64};
use results::scenario::archive::{Class, Contest, Success};

use super::contender;
use super::series::{name, name_of_all};
use crate::scenario::shared::metric::{Merit, Metric, RUN, Unit};
use crate::significance::Sample;

/// What only the contest has.
pub fn metrics(contest: &Contest, stack: &str) -> Vec<Metric> {
    let out = real(contest.failure.len() as u64);
    let whole = [
        Metric::new(RUN, "contenders", Unit::None, Merit::None, out + real(contest.success.len() as u64)),
        Metric::new(RUN, "contenders out", Unit::None, Merit::Failures, out),
    ];
    whole.into_iter().chain(contest.success.iter().flat_map(|one| of_contender(one, stack))).collect()
}

fn of_contender(success: &Success, stack: &str) -> Vec<Metric> {
    let of = contender(stack, &success.arn);
    // What varies is what is charged for: where a run has several invocations, the time of all.
    let charged: Vec<f64> = match success.class {
        Class::OneInvocation => success.durations_ms.iter().copied().map(real).collect(),
        Class::FanOut => success.billed_gb_seconds.clone(),
    };
    let lambda_price = Metric::new(of, "Lambda price", Unit::Usd, Merit::Price, success.run_price_usd);
    let lambda_price = match Sample::of(&charged).filter(|time| time.mean > 0.0) {
        Some(time) => lambda_price.over(time.scaled(success.run_price_usd / time.mean)),
        None => lambda_price,
    };
    vec![
        lambda_price,
        Metric::new(of, "invocations", Unit::None, Merit::None, success.mean_invocations()),
        // A mean of those runs that were cold starts: how many, the result doesn't say.
        Metric::new(of, "cold start", Unit::Ms, Merit::None, success.cold_start_ms),
        Metric::new(of, "memory used", Unit::None, Merit::None, success.max_memory_mb.map(real)),
    ]
}

/// The price of a contender's run over its runs: its time has a spread, its requests are counted. None of what is no price of a
/// contender.
pub fn price_over_runs(result: &RunResult, cost: &Cost) -> Option<Sample> {
    let contender = cost.item.strip_suffix(" run")?;
    let find = |name: String| result.summary.iter().find(|summary| summary.name == name);
    let summary = find(name_of_all(contender)).or_else(|| find(name(contender)))?;
    let is_time = [LAMBDA_ARM64, LAMBDA_X86_64, LAMBDA_STORAGE].map(|price| price.unit);
    let lines = cost.lines.iter().filter(|line| is_time.contains(&line.price.unit.as_str()));
    let time_usd: f64 = lines.map(|line| line.usd).sum::<Option<f64>>()?;
    let runs = Sample::of_runs(result, summary);
    let stddev = if runs.mean > 0.0 { time_usd * runs.stddev / runs.mean } else { 0.0 };
    Some(Sample { mean: cost.usd?, stddev, count: runs.count })
}
