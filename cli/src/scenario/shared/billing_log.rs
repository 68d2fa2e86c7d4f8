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
/// A REPORT line may be written a little after the invocation's answer; but those of the next run, which begin 3 s after
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
    fn add(&mut self, report: Report) {
        self.invocations += 1;
        self.ms += report.billed_ms;
        self.max_memory_mb = self.max_memory_mb.max(report.max_memory_mb);
        if let Some(ms) = report.init_ms {
            self.cold_starts += 1;
            self.init_ms += ms;
            self.max_init_ms = self.max_init_ms.max(ms);
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
    let billed = search_until(context, span, load_ended + TIMEOUT).await?;
    if billed.is_none() {
        warnings.push(format!(
            "{}: its logs don't have a REPORT line for each invocation, so there is no price: run the load again, and \
             check that the function may write its log group",
            span.function
        ));
    }
    Ok(billed)
}

async fn search_until(context: RunContext<'_>, span: &Span<'_>, deadline: Instant) -> Result<Option<Billed>> {
    let mut before = None;
    loop {
        let billed = search(context, span).await?;
        let is_enough = billed.invocations >= *span.invocations.start();
        // Lines come in pieces: fewer than the most possible are trusted once a second search has found no more.
        let is_all = billed.invocations >= *span.invocations.end() || before == Some(billed);
        if (is_enough && is_all) || Instant::now() >= deadline {
            return Ok(is_enough.then_some(billed));
        }
        before = Some(billed);
        sleep(INTERVAL).await;
    }
}

async fn search(context: RunContext<'_>, span: &Span<'_>) -> Result<Billed> {
    let mut pages = aws_sdk_cloudwatchlogs::Client::new(context.config)
        .filter_log_events()
        .log_group_name(format!("/aws/lambda/{}", span.function))
        .filter_pattern("\"REPORT RequestId\"")
        .start_time(span.from_ms)
        .end_time(span.to_ms + LATE_MS)
        .into_paginator()
        .send();
    let mut billed = Billed::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("FilterLogEvents", context.deployment)(&error))?;
        for report in page.events().iter().filter_map(|event| Report::parse(event.message()?)) {
            billed.add(report);
        }
    }
    Ok(billed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cold_starts_are_those_that_report_an_initialization() {
        let mut billed = Billed::default();
        for (init_ms, max_memory_mb) in [(Some(9.0), 20), (None, 24), (Some(12.5), 22)] {
            billed.add(Report { billed_ms: 2.0, max_memory_mb, init_ms });
        }
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
