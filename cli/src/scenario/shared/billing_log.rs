//! The time that Lambda charges for, from the REPORT lines in functions' logs.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use protocol::stats::real;
use results::billing_log::{FunctionUse, Report};
use tokio::time::{Instant, sleep};

use crate::aws::failed;
use crate::scenario::shared::run_context::RunContext;

/// How long to wait for REPORT lines: logs are searchable some time after they are written.
pub const TIMEOUT: Duration = Duration::from_mins(1);
/// Between two searches.
pub const INTERVAL: Duration = Duration::from_secs(2);
/// A REPORT line may be written a little after the invocation's answer; but those of the next run, which start 3 s after
/// this one at the earliest, must stay out.
const LATE_MS: i64 = 2_000;
/// How much later or earlier it may be by the clock of a function than by this machine's.
const CLOCKS_MS: i64 = 60_000;

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
    /// Which there were.
    pub invocations: Invocations,
}

impl<'a> Span<'a> {
    /// All of a function since a time, however many.
    pub fn since(function: &'a str, start: Timestamp) -> Self {
        let (from_ms, to_ms) = all_since(start);
        Self { function, from_ms, to_ms, invocations: Invocations::Count(0..=u64::MAX) }
    }
}

/// All that is logged since a time: from and to, ms since 1970.
pub fn all_since(start: Timestamp) -> (i64, i64) {
    // An hour ahead: the clock of AWS may be ahead of this machine's.
    (start.as_millisecond(), Timestamp::now().as_millisecond() + 3_600_000)
}

/// Which invocations there were.
pub enum Invocations {
    /// So many.
    Count(RangeInclusive<u64>),
    /// Those that left their request ids with what they did; and those in the span that left nothing, such as one that was killed.
    Known {
        /// The request ids.
        ids: HashSet<String>,
        /// How many there were at least, with those that left nothing.
        least: u64,
    },
}

impl Invocations {
    /// How many of them have no line, at least.
    fn missing(&self, reports: &[Report]) -> u64 {
        match self {
            Self::Count(counts) => counts.start().saturating_sub(reports.len() as u64),
            Self::Known { ids, least } => {
                let found: HashSet<_> = reports.iter().map(|report| &report.request_id).collect();
                let unfound = ids.iter().filter(|id| !found.contains(id)).count() as u64;
                unfound.max(least.saturating_sub(reports.len() as u64))
            }
        }
    }

    /// How many of them there can be.
    fn most(&self) -> u64 {
        match self {
            Self::Count(counts) => *counts.end(),
            Self::Known { .. } => u64::MAX,
        }
    }

    /// By how much more than the span is searched, ms. A line that is known by its request id may have another clock's time.
    fn margin_ms(&self) -> i64 {
        match self {
            Self::Count(_) => 0,
            Self::Known { .. } => CLOCKS_MS,
        }
    }
}

impl Span<'_> {
    /// Whether a line is one of its invocations'.
    fn has(&self, report: &Report, at_ms: Option<i64>) -> bool {
        let is_in_time = at_ms.is_none_or(|at_ms| (self.from_ms..=self.to_ms + LATE_MS).contains(&at_ms));
        match &self.invocations {
            Invocations::Count(_) => true,
            Invocations::Known { ids, .. } => ids.contains(&report.request_id) || is_in_time,
        }
    }
}

/// What a function was charged for; none, and a warning, if REPORT lines are missing a minute after the load.
pub async fn billed(
    context: RunContext<'_>,
    span: &Span<'_>,
    load_ended: Instant,
    warnings: &mut Vec<String>,
) -> Result<Option<Billed>> {
    let spinner = context.waiting(&format!("waiting for the REPORT lines of {}", span.function));
    let reports = reports(context, span, load_ended).await?;
    drop(spinner);
    let missing = span.invocations.missing(&reports);
    if missing > 0 {
        warnings.push(format!(
            "{}: its logs lack the REPORT lines of at least {missing} invocations, so there is no price: run \
             the load again, and check that the function may write its log group",
            span.function
        ));
        return Ok(None);
    }
    Ok(Some(Billed::of(&reports)))
}

/// The REPORT lines of a function's invocations; those that are there a minute after the load, if some are missing.
pub async fn reports(context: RunContext<'_>, span: &Span<'_>, load_ended: Instant) -> Result<Vec<Report>> {
    let deadline = load_ended + TIMEOUT;
    let mut before = None;
    loop {
        let reports = search(context, span).await?;
        let count = reports.len() as u64;
        // Lines come in pieces: fewer than the most possible are trusted once a second search has found no more.
        let is_all = count >= span.invocations.most() || before == Some(count);
        if (is_all && span.invocations.missing(&reports) == 0) || Instant::now() >= deadline {
            return Ok(reports);
        }
        before = Some(count);
        sleep(INTERVAL).await;
    }
}

/// The REPORT lines that are there now.
pub async fn search(context: RunContext<'_>, span: &Span<'_>) -> Result<Vec<Report>> {
    let margin_ms = span.invocations.margin_ms();
    let mut pages = aws_sdk_cloudwatchlogs::Client::new(context.config)
        .filter_log_events()
        .log_group_name(format!("/aws/lambda/{}", span.function))
        .filter_pattern("\"REPORT RequestId\"")
        .start_time(span.from_ms - margin_ms)
        .end_time(span.to_ms + margin_ms.max(LATE_MS))
        .into_paginator()
        .send();
    let mut reports = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("FilterLogEvents", context.deployment)(&error))?;
        let parsed = page.events().iter().filter_map(|event| {
            Report::parse(event.message()?).filter(|report| span.has(report, event.timestamp))
        });
        reports.extend(parsed);
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_config::SdkConfig;
    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::shared::run::Run;
    use crate::scenario::shared::testing::{self, Deployed};

    fn line(id: &str, at_ms: i64) -> Value {
        let report =
            format!("REPORT RequestId: {id}\tDuration: 1 ms\tBilled Duration: 2 ms\tMax Memory Used: 9 MB\t");
        json!({ "message": report, "timestamp": at_ms })
    }

    /// Logs in which each search finds more lines, the last one's again and again.
    fn logs(searches: Vec<Vec<Value>>) -> SdkConfig {
        let searches = Mutex::new(searches);
        let answer = move |_: &str, _: &Value| {
            let mut searches = searches.lock().unwrap();
            let events = if searches.len() > 1 { searches.remove(0) } else { searches[0].clone() };
            (200, json!({ "events": events }))
        };
        test_kit::aws::config(answer).0
    }

    /// What is billed of the span from 100 s to 200 s, and the warnings.
    async fn billed_for(ids: &[&str], searches: Vec<Vec<Value>>) -> (Option<u64>, Vec<String>) {
        let run = testing::run::<Deployed>("x", json!({ "settings": {} }));
        let run = Run { config: logs(searches), ..run };
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let known = Invocations::Known { ids, least: 2 };
        let span = Span { function: "f", from_ms: 100_000, to_ms: 200_000, invocations: known };
        let mut warnings = Vec::new();
        let billed = billed(run.context(), &span, Instant::now(), &mut warnings).await.unwrap();
        (billed.map(|billed| billed.invocations), warnings)
    }

    #[tokio::test(start_paused = true)]
    async fn each_known_invocation_is_waited_for_however_many_lines_there_are() {
        let others = || [line("x", 150_000), line("y", 150_000)].to_vec();
        let late = [others(), vec![line("a", 150_000), line("b", 150_000)]].concat();
        let (invocations, warnings) = billed_for(&["a", "b"], vec![others(), others(), late]).await;
        assert_eq!((invocations, warnings.len()), (Some(4), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_of_another_clock_is_known_by_its_request_id() {
        let lines =
            vec![line("a", 99_000), line("b", 203_000), line("earlier", 99_000), line("later", 203_000)];
        assert_eq!(billed_for(&["a", "b"], vec![lines]).await.0, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_that_left_nothing_is_waited_for_too() {
        let first = || vec![line("a", 150_000)];
        let both = [first(), vec![line("killed", 160_000)]].concat();
        assert_eq!(billed_for(&["a"], vec![first(), first(), both]).await.0, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn missing_lines_are_counted() {
        let lines = vec![line("a", 150_000), line("x", 150_000), line("y", 150_000)];
        let (invocations, warnings) = billed_for(&["a", "b", "c"], vec![lines]).await;
        assert_eq!(invocations, None);
        assert!(
            warnings[0].starts_with("f: its logs lack the REPORT lines of at least 2 invocations"),
            "{warnings:?}"
        );
    }

    #[test]
    fn cold_starts_are_those_that_report_an_initialization() {
        let report = |(init_ms, max_memory_mb)| Report {
            request_id: String::new(),
            billed_ms: 2.0,
            max_memory_mb,
            init_ms,
        };
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
