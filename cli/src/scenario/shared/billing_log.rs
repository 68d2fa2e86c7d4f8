//! The time that Lambda charges for, from the REPORT lines in functions' logs.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::Result;
use protocol::stats::real;
use results::billing_log::{FunctionUse, Report};
use tokio::time::{Instant, sleep};

use crate::aws::failed;
use crate::scenario::shared::run_context::RunContext;

/// How long to wait for REPORT lines: logs are searchable some time after they are written.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Between two searches.
const INTERVAL: Duration = Duration::from_secs(2);
/// A REPORT line may be written a little after the invocation's answer; but those of the next run, which start 3 s after
/// this one at the earliest, must stay out.
const LATE_MS: i64 = 2_000;

/// What a function's invocations were charged for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Billed {
    /// How many there were.
    pub invocations: u64,
    /// Their billed durations together, ms.
    pub ms: f64,
    /// Those in a freshly initialized environment.
    pub cold_starts: u64,
    /// The initializations together, ms.
    pub init_ms: f64,
    /// The longest initialization, ms.
    pub max_init_ms: f64,
    /// Most memory that an environment used, MB.
    pub max_memory_mb: u64,
}

impl Billed {
    fn of(reports: &[Report]) -> Self {
        let init_ms = || reports.iter().filter_map(|report| report.init_ms);
        Self {
            invocations: reports.len() as u64,
            ms: reports.iter().map(|report| report.billed_ms).sum(),
            cold_starts: init_ms().count() as u64,
            init_ms: init_ms().sum(),
            max_init_ms: init_ms().fold(0.0, f64::max),
            max_memory_mb: reports.iter().map(|report| report.max_memory_mb).max().unwrap_or_default(),
        }
    }
}

/// A function's invocations as a result file has them, under its part in the scenario.
pub fn function_use(part: &str, billed: &Billed) -> FunctionUse {
    let has_cold_starts = billed.cold_starts > 0;
    FunctionUse {
        function: part.to_owned(),
        invocations: billed.invocations,
        billed_ms: billed.ms,
        cold_starts: billed.cold_starts,
        init_ms: has_cold_starts.then(|| billed.init_ms / real(billed.cold_starts)),
        max_init_ms: has_cold_starts.then_some(billed.max_init_ms),
        max_memory_mb: billed.max_memory_mb,
    }
}

/// A function's invocations in a time, from and to ms since 1970.
pub struct Span<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The first one's start.
    pub from_ms: i64,
    /// The last one's end.
    pub to_ms: i64,
    /// How many there were.
    pub invocations: RangeInclusive<u64>,
}

/// What a function was charged for; none, and a warning, if there are too few REPORT lines a minute after the load.
pub async fn billed(
    context: RunContext<'_>,
    span: &Span<'_>,
    load_ended: Instant,
    warnings: &mut Vec<String>,
) -> Result<Option<Billed>> {
    let reports = reports(context, span, load_ended).await?;
    if (reports.len() as u64) < *span.invocations.start() {
        warnings.push(format!(
            "{}: its logs don't have a REPORT line for each invocation, so there is no price: run the load again, and \
             check that the function may write its log group",
            span.function
        ));
        return Ok(None);
    }
    Ok(Some(Billed::of(&reports)))
}

/// The REPORT lines of a function's invocations; those that are there a minute after the load, if they are too few.
pub async fn reports(context: RunContext<'_>, span: &Span<'_>, load_ended: Instant) -> Result<Vec<Report>> {
    let deadline = load_ended + TIMEOUT;
    let mut before = None;
    loop {
        let reports = search(context, span).await?;
        let count = reports.len() as u64;
        let is_enough = count >= *span.invocations.start();
        // Lines come in pieces: fewer than the most possible are trusted once a second search has found no more.
        let is_all = count >= *span.invocations.end() || before == Some(count);
        if (is_enough && is_all) || Instant::now() >= deadline {
            return Ok(reports);
        }
        before = Some(count);
        sleep(INTERVAL).await;
    }
}

/// The REPORT lines that are there now.
pub async fn search(context: RunContext<'_>, span: &Span<'_>) -> Result<Vec<Report>> {
    let mut pages = aws_sdk_cloudwatchlogs::Client::new(context.config)
        .filter_log_events()
        .log_group_name(format!("/aws/lambda/{}", span.function))
        .filter_pattern("\"REPORT RequestId\"")
        .start_time(span.from_ms)
        .end_time(span.to_ms + LATE_MS)
        .into_paginator()
        .send();
    let mut reports = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("FilterLogEvents", context.deployment)(&error))?;
        reports.extend(page.events().iter().filter_map(|event| Report::parse(event.message()?)));
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cold_starts_are_those_that_report_an_initialization() {
        let report = |(init_ms, max_memory_mb)| Report { billed_ms: 2.0, max_memory_mb, init_ms };
        let billed = Billed::of(&[(Some(9.0), 20), (None, 24), (Some(12.5), 22)].map(report));
        let expected = Billed {
            invocations: 3,
            ms: 6.0,
            cold_starts: 2,
            init_ms: 21.5,
            max_init_ms: 12.5,
            max_memory_mb: 24,
        };
        assert_eq!(billed, expected);
    }
}
