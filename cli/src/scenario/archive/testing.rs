//! What the tests of this scenario have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::archive::{Contender, Run as ContenderRun, Verdict};
use protocol::stats::real;
use results::billing_log::Report;
use results::scenario::archive::{Contest, ContestOptions, Success};
use serde_json::json;

use super::Run;
use super::execute::{Configuration, Counts, FanOut, Observation, Observed, Requests, S3Requests};
use super::prediction::Predictions;
use crate::scenario::shared;

/// A contender of the stack `dev`.
pub const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:lambench-dev-rust-stream";

/// A contest on the local stack `dev`.
pub fn run() -> Run {
    shared::testing::run(
        "archive",
        json!({
            "settings": { "runsPerContender": 2, "maxRunSeconds": 600 },
            "settingRanges": { "runsPerContender": [1, 50] }, "warmupRange": [0, 50],
            "stateMachine": "arn:aws:states:us-east-1:0:stateMachine:lambench-dev-archive",
            "contenders": [ARN],
            "functions": { "preflight": "p", "verify": "v", "cleanup": "c" },
            "verification": { "memory": 512, "atOnce": 5 },
            "fillCommand": "aws lambda invoke fill",
            "sourcePrefix": "files", "archivePrefix": "archives/", "scratchPrefix": "seg-temps/",
        }),
    )
}

/// A contender whose runs all made a valid archive.
pub fn runs(elapsed_ms: &[f64]) -> Contender {
    let run = |(run, elapsed_ms)| {
        let verdict = Some(Verdict::Valid { valid: true, entries: 3, archive_bytes: 1000 + run });
        ContenderRun { run, request_id: Some(request_id(run)), elapsed_ms, error: None, cause: None, verdict }
    };
    let runs = (0..).zip(elapsed_ms.iter().copied()).map(run).collect();
    Contender { arn: ARN.to_owned(), is_warmup: false, started_ms: 0, ended_ms: 240_000, runs }
}

fn request_id(run: u64) -> String {
    format!("request-{run}")
}

/// What a run's REPORT line says.
pub fn report(run: u64, billed_ms: f64, max_memory_mb: u64, init_ms: Option<f64>) -> Report {
    Report { request_id: request_id(run), billed_ms, max_memory_mb, init_ms }
}

/// A function with the smallest storage.
pub fn configuration() -> Configuration {
    let (runtime, architecture) = ("provided.al2023".to_owned(), "arm64".to_owned());
    let (timeout, variables) = (Duration::from_mins(15), BTreeMap::new());
    Configuration { runtime, architecture, memory_mb: 512, storage_mb: 512, timeout, variables }
}

/// A contender that passes, whose invocations nobody has counted.
pub fn observed(elapsed_ms: &[f64], reports: &[Report]) -> Observed {
    let (contender, configuration) = (runs(elapsed_ms), configuration());
    Observed {
        contender,
        configuration,
        reports: reports.to_vec(),
        fan_out: FanOut::Unknown,
        last_ended_ms: 0,
    }
}

/// A contest of all contenders, with a run of each.
pub fn options() -> ContestOptions {
    ContestOptions { contenders: Vec::new(), runs_per_contender: 1, warmup_runs: 0, cold_only: false }
}

/// A contest whose requests to S3 nobody counted.
pub fn observation(contenders: Vec<Observed>) -> Observation {
    Observation {
        options: options(),
        contenders,
        predictions: Predictions::new(),
        s3_requests: S3Requests::default(),
        cpu: Vec::new(),
        warnings: Vec::new(),
        missing: Vec::new(),
    }
}

/// Requests of the contender.
pub fn counts(writes: u64, reads: u64) -> Counts {
    let requests = Requests { writes, reads, ..Requests::default() };
    Counts::from([("lambench-dev-rust-stream".to_owned(), requests)])
}

/// A contest that these passed.
pub fn contest(success: Vec<Success>) -> Contest {
    Contest { success, ..Contest::default() }
}

/// A contender that took so many milliseconds, twice.
pub fn success(contender: &str, ms: u64) -> Success {
    serde_json::from_value(json!({
        "arn": format!("arn:aws:lambda:us-east-1:0:function:lambench-dev-{contender}"),
        "runtime": "provided.al2023", "architecture": "x86_64", "memory_mb": 512, "ephemeral_storage_mb": 512,
        "runs_count": 2, "duration_ms": ms, "duration_ms_stddev": 10, "duration_ms_min": ms - 10,
        "duration_ms_max": ms + 10, "gb_second_compute": real(ms) / 2000.0, "gb_second_storage": 0.0,
        "compute_rate_usd": 0.000_016_666_7, "storage_rate_usd": 0.000_000_030_9,
        "compute_price_usd": real(ms) / 2000.0 * 0.000_016_666_7, "storage_price_usd": 0.0,
        "run_price_usd": real(ms) / 2000.0 * 0.000_016_666_7, "max_memory_mb": 100, "cold_start_ms": null,
        "requests_price_usd": null, "s3": null, "total_price_usd": null, "archive_bytes": 1000, "durations_ms": [ms, ms],
    }))
    .unwrap()
}

/// A function's log, line by line.
pub mod log {
    use serde_json::{Value, json};

    use crate::scenario::shared::invocation_log::Line;

    /// Lines in one log stream after the other.
    #[derive(Debug, Clone, Default)]
    pub struct Log {
        stream: String,
        lines: Vec<Line>,
    }

    impl Log {
        /// What follows is of another environment.
        pub fn in_stream(mut self, stream: &str) -> Self {
            stream.clone_into(&mut self.stream);
            self
        }

        /// A line at a time.
        pub fn line(mut self, at_ms: i64, message: &str) -> Self {
            self.lines.push(Line { stream: self.stream.clone(), at_ms, message: message.to_owned() });
            self
        }

        /// An invocation starts.
        pub fn start(self, id: &str, at_ms: i64) -> Self {
            self.line(at_ms, &format!("START RequestId: {id} Version: $LATEST\n"))
        }

        /// An invocation ends.
        pub fn report(self, id: &str, at_ms: i64, billed_ms: f64) -> Self {
            self.line(at_ms, &report(id, billed_ms))
        }

        /// An invocation of so many ms.
        pub fn invocation(self, id: &str, at_ms: i64, ms: u32) -> Self {
            self.start(id, at_ms).report(id, at_ms + i64::from(ms), f64::from(ms))
        }

        /// The same of a function that is traced.
        pub fn traced(self, id: &str, at_ms: i64, ms: u32, trace: &str) -> Self {
            let line = format!(
                "{}\nXRAY TraceId: {trace}\tSegmentId: 4d\tSampled: true\t",
                report(id, f64::from(ms))
            );
            self.start(id, at_ms).line(at_ms + i64::from(ms), &line)
        }

        /// All lines, in the order of their times.
        pub fn lines(&self) -> Vec<Line> {
            let mut lines = self.lines.clone();
            lines.sort_by_key(|line| line.at_ms);
            lines
        }

        /// What `FilterLogEvents` answers to a search for a pattern.
        pub fn found(&self, pattern: &str) -> Value {
            let phrase = pattern.trim_matches('"');
            let lines = self.lines().into_iter().filter(|line| line.message.contains(phrase));
            let event = |line: Line| json!({ "logStreamName": line.stream, "timestamp": line.at_ms, "message": line.message });
            json!({ "events": lines.map(event).collect::<Vec<_>>() })
        }
    }

    /// Lambda's line at the end of an invocation.
    pub fn report(id: &str, billed_ms: f64) -> String {
        format!(
            "REPORT RequestId: {id}\tDuration: {billed_ms} ms\tBilled Duration: {billed_ms} ms\tMax Memory Used: 9 MB\t"
        )
    }
}
