//! A function's invocations one by one, from what Lambda writes into its log for each: START, and at its end REPORT.

use std::collections::BTreeMap;

use anyhow::Result;
use results::billing_log::Report;
use serde::Deserialize;

use crate::aws::failed;
use crate::scenario::shared::run_context::RunContext;

/// What each kind of line has, as a filter pattern of CloudWatch Logs.
const PATTERNS: [&str; 3] = ["\"START RequestId\"", "\"REPORT RequestId\"", "\"s3Requests\""];

/// One invocation. An event that is tried again has several with the same request id.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The invocation's request id.
    pub request_id: String,
    /// When it started, ms since 1970.
    pub started_ms: i64,
    /// When its REPORT line was written, ms since 1970; none of one that is under way.
    pub ended_ms: Option<i64>,
    /// What Lambda charged for; none of one that is under way.
    pub report: Option<Report>,
    /// X-Ray's trace, where the function is traced: that of its caller, if the caller has passed it on.
    pub trace: Option<String>,
    /// Its requests to S3, where it has logged them.
    pub s3: Option<OwnCount>,
}

/// Requests to S3 that a function has counted itself, by price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnCount {
    /// PUT, COPY, POST, LIST, and whatever it calls otherwise: the dearer ones.
    pub writes: u64,
    /// GET, HEAD and SELECT.
    pub reads: u64,
}

impl OwnCount {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            writes: self.writes.saturating_add(other.writes),
            reads: self.reads.saturating_add(other.reads),
        }
    }
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its log stream: that of one environment, in which invocations follow one another.
    pub stream: String,
    /// When it was written, ms since 1970.
    pub at_ms: i64,
    /// What it says.
    pub message: String,
}

/// The lines that are there now of a function's invocations in a time, from and to ms since 1970.
pub async fn lines(context: RunContext<'_>, function: &str, from_ms: i64, to_ms: i64) -> Result<Vec<Line>> {
    let client = aws_sdk_cloudwatchlogs::Client::new(context.config);
    let mut lines = Vec::new();
    for pattern in PATTERNS {
        let request = client.filter_log_events().log_group_name(format!("/aws/lambda/{function}"));
        let request = request.filter_pattern(pattern).start_time(from_ms).end_time(to_ms);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("FilterLogEvents", context.deployment)(&error))?;
            lines.extend(page.events().iter().filter_map(|event| {
                Some(Line {
                    stream: event.log_stream_name().unwrap_or_default().to_owned(),
                    at_ms: event.timestamp?,
                    message: event.message()?.to_owned(),
                })
            }));
        }
    }
    // A line that several patterns match, or that is delivered twice.
    lines.sort_by(|one, other| {
        (one.at_ms, &one.stream, &one.message).cmp(&(other.at_ms, &other.stream, &other.message))
    });
    lines.dedup();
    Ok(lines)
}

/// The invocations that some lines are of, in the order of their starts.
///
/// A function may print lines of the same form. A REPORT line counts for the invocation that its environment was busy with, if it
/// has its request id; Lambda writes the true one as well, and of several the worst of each value counts.
pub fn invocations(lines: &[Line]) -> Vec<Invocation> {
    let mut streams: BTreeMap<&str, Vec<Invocation>> = BTreeMap::new();
    for line in lines {
        if let Some(request_id) = started(&line.message) {
            streams.entry(&line.stream).or_default().push(Invocation {
                request_id: request_id.to_owned(),
                started_ms: line.at_ms,
                ended_ms: None,
                report: None,
                trace: None,
                s3: None,
            });
        }
    }
    for line in lines {
        let Some(of_stream) = streams.get_mut(line.stream.as_str()) else { continue };
        let mut before = of_stream.iter_mut().rev().filter(|one| one.started_ms <= line.at_ms);
        if let Some(report) = Report::parse(&line.message) {
            if let Some(own) = before.find(|one| one.request_id == report.request_id) {
                own.reported(line, report);
            }
        } else if let Some(count) = own_count(&line.message)
            && let Some(busy) = before.next()
        {
            busy.s3 = Some(busy.s3.unwrap_or_default().plus(count));
        }
    }
    let mut all: Vec<Invocation> = streams.into_values().flatten().collect();
    all.sort_by_key(|one| one.started_ms);
    all
}

impl Invocation {
    fn reported(&mut self, line: &Line, report: Report) {
        let trace = trace(&line.message).map(ToOwned::to_owned);
        // A line without the trace, or with another one, is not Lambda's: nobody can tell which of them is.
        self.trace = if self.report.is_none() {
            trace
        } else {
            self.trace.take().filter(|own| trace.as_ref() == Some(own))
        };
        self.ended_ms = Some(self.ended_ms.map_or(line.at_ms, |ended_ms| ended_ms.max(line.at_ms)));
        self.report = Some(match self.report.take() {
            Some(other) => worst(report, &other),
            None => report,
        });
    }
}

/// The worst of each value of two REPORT lines of an invocation, of which one is the function's own.
pub fn worst(one: Report, other: &Report) -> Report {
    Report {
        billed_ms: one.billed_ms.max(other.billed_ms),
        max_memory_mb: one.max_memory_mb.max(other.max_memory_mb),
        init_ms: one.init_ms.into_iter().chain(other.init_ms).reduce(f64::max),
        request_id: one.request_id,
    }
}

/// The request id in a line such as `START RequestId: 3897a7c2 Version: $LATEST`.
fn started(message: &str) -> Option<&str> {
    message.strip_prefix("START RequestId:")?.split_whitespace().next()
}

/// The trace in a REPORT line that ends with `XRAY TraceId: 1-5e34-bc SegmentId: 4d Sampled: true`.
fn trace(message: &str) -> Option<&str> {
    message.split_once("XRAY TraceId:")?.1.split_whitespace().next()
}

/// A line with which a function tells its requests to S3, by method: `{"lambench":{"s3Requests":{"GET":20,"PUT":4}}}`; runtimes
/// may put something in front of it.
fn own_count(message: &str) -> Option<OwnCount> {
    #[derive(Deserialize)]
    struct Told {
        lambench: Lambench,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Lambench {
        s3_requests: BTreeMap<String, u64>,
    }
    let json = message.get(message.find('{')?..)?.trim_end();
    let Told { lambench } = serde_json::from_str(json).ok()?;
    let mut count = OwnCount::default();
    for (method, requests) in lambench.s3_requests {
        match method.as_str() {
            "GET" | "HEAD" | "SELECT" => count.reads = count.reads.saturating_add(requests),
            "DELETE" => {}
            _ => count.writes = count.writes.saturating_add(requests),
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::log::{self, Log};

    fn one(log: &Log) -> Invocation {
        let [one] = invocations(&log.lines()).try_into().expect("one invocation");
        one
    }

    #[test]
    fn an_invocation_lasts_from_its_start_to_its_report() {
        let log = Log::default().invocation("a", 1000, 500);
        let found = one(&log);
        assert_eq!((found.started_ms, found.ended_ms), (1000, Some(1500)));
        assert_eq!(found.report.map(|report| report.billed_ms), Some(500.0));
        let under_way = one(&Log::default().start("a", 1000));
        assert_eq!((under_way.ended_ms, under_way.report), (None, None));
    }

    #[test]
    fn a_report_that_a_function_prints_about_itself_makes_it_no_cheaper() {
        let log = Log::default().start("a", 1000).report("a", 1001, 1.0).report("a", 1500, 500.0);
        assert_eq!(one(&log).report.map(|report| report.billed_ms), Some(500.0));
        assert_eq!(one(&log).ended_ms, Some(1500));
    }

    #[test]
    fn a_report_about_another_invocation_is_none() {
        let log = Log::default().invocation("a", 1000, 500).in_stream("other").start("b", 1000);
        // Printed by b, while a's environment is another one.
        let log = log.report("a", 1100, 90_000.0).report("c", 1100, 1.0);
        let found = invocations(&log.lines());
        let billed: Vec<_> =
            found.iter().map(|one| one.report.as_ref().map(|report| report.billed_ms)).collect();
        assert_eq!(billed, [Some(500.0), None]);
    }

    #[test]
    fn an_event_that_is_tried_again_has_been_invoked_twice() {
        let log = Log::default().invocation("a", 1000, 500).invocation("a", 61_000, 700);
        let billed: Vec<_> =
            invocations(&log.lines()).into_iter().map(|one| one.report.unwrap().billed_ms).collect();
        assert_eq!(billed, [500.0, 700.0]);
    }

    #[test]
    fn the_trace_is_lambdas_or_none() {
        let traced = |trace: &str| {
            format!("{}XRAY TraceId: {trace}\tSegmentId: 4d\tSampled: true\t", log::report("a", 5.0))
        };
        let log = Log::default().start("a", 1000).line(1005, &traced("1-5e34-bc"));
        assert_eq!(one(&log).trace.as_deref(), Some("1-5e34-bc"));
        assert_eq!(one(&log.line(1006, &traced("1-another"))).trace, None);
    }

    #[test]
    fn a_count_is_of_the_invocation_under_way_and_names_that_are_not_known_are_the_dear_ones() {
        let told = "2026-11-30T10:00:00.000Z\ta\tINFO\t{\"lambench\":{\"s3Requests\":{\"GET\":20,\"HEAD\":1,\"PUT\":4,\"RENAME\":1,\"DELETE\":9}}}\n";
        let log = Log::default()
            .start("a", 1000)
            .line(1400, told)
            .report("a", 1500, 500.0)
            .invocation("b", 2000, 1);
        let counts: Vec<_> = invocations(&log.lines()).into_iter().map(|one| one.s3).collect();
        assert_eq!(counts, [Some(OwnCount { writes: 5, reads: 21 }), None]);
        for line in ["{\"lambench\":{}}", "s3Requests", "{\"lambench\":{\"s3Requests\":{\"GET\":-1}}}"] {
            assert_eq!(own_count(line), None, "{line}");
        }
    }

    #[test]
    fn several_counts_of_an_invocation_add_up() {
        let told = "{\"lambench\":{\"s3Requests\":{\"GET\":2}}}";
        let log = Log::default().start("a", 1000).line(1400, told).line(1401, told);
        assert_eq!(one(&log).s3, Some(OwnCount { writes: 0, reads: 4 }));
    }
}
