//! The archive contest's document: the ranking, and who is out.
//!
//! Field names up to `run_price_usd` are those of the public contest (`demo-s3-archiving`), so that its tools read ours.

use protocol::stats::real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All contenders of one contest: those that passed, the cheapest of each class first, and those that did not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contest {
    /// Those with one invocation, behind them those that fan out; each ranked by `run_price_usd`, ascending.
    pub success: Vec<Success>,
    /// In the order in which the contenders were given.
    pub failure: Vec<Failure>,
    /// Contenders that made valid archives but have no rank: `no_rank` says why. Where it says nothing, the user has ended the
    /// contest before all their runs, and the others' figures are over more runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unranked: Vec<Success>,
    /// What was run; none in a result of a version that did not keep it.
    #[serde(default)]
    pub options: Option<ContestOptions>,
}

/// What a contest ran: the stack's settings, and the options of the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContestOptions {
    /// Patterns that choose contenders by their short names, such as `rust-*`; empty for all contenders of the stack.
    pub contenders: Vec<String>,
    /// Counted runs of each contender.
    pub runs_per_contender: u64,
    /// Runs of each contender before those, which warm its environments and do not count.
    pub warmup_runs: u64,
    /// Whether every counted run was given a new environment.
    pub cold_only: bool,
}

/// What contenders are ranked among.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Class {
    /// Those that make an archive in one invocation: the rule of the public contest. Also where nobody counted invocations.
    #[default]
    #[serde(rename = "one invocation")]
    OneInvocation,
    /// Those that invoke themselves.
    #[serde(rename = "fan-out")]
    FanOut,
}

impl Class {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::OneInvocation, Self::FanOut];

    /// As the result file names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OneInvocation => "one invocation",
            Self::FanOut => "fan-out",
        }
    }
}

/// How the number of S3 requests is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestsSource {
    /// The local environment counted them, by function.
    Counted,
    /// The contender has logged its own count.
    Contender,
    /// S3's request metrics of the bucket, which AWS delivers on a best-effort basis.
    Metrics,
    /// It is not.
    Unknown,
}

/// A contender whose every run made a valid archive in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Success {
    /// The function's ARN.
    pub arn: String,
    /// The function's runtime, such as `provided.al2023`.
    pub runtime: String,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Configured memory, MB.
    pub memory_mb: u64,
    /// Configured ephemeral storage, MB.
    pub ephemeral_storage_mb: u64,
    /// How many runs the figures are over.
    pub runs_count: u64,
    /// Mean billed duration, rounded to whole ms as in the public contest (the REPORT line's `Billed Duration`, initialization included);
    /// the price is made of the exact mean.
    pub duration_ms: u64,
    /// Sample standard deviation of the billed duration, ms; 0 for a single run.
    pub duration_ms_stddev: u64,
    /// Shortest billed duration, ms.
    pub duration_ms_min: u64,
    /// Longest billed duration, ms.
    pub duration_ms_max: u64,
    /// Memory × the mean run's billed time, that of all its invocations, GB-seconds. With one invocation, that is the mean duration.
    pub gb_second_compute: f64,
    /// Ephemeral storage above the free 512 MB × the same time, GB-seconds.
    pub gb_second_storage: f64,
    /// USD per GB-second of compute, by architecture.
    pub compute_rate_usd: f64,
    /// USD per GB-second of ephemeral storage.
    pub storage_rate_usd: f64,
    /// `gb_second_compute` × `compute_rate_usd`.
    pub compute_price_usd: f64,
    /// `gb_second_storage` × `storage_rate_usd`.
    pub storage_price_usd: f64,
    /// What Lambda charges for the mean run's time, in all its invocations: compute + storage. The ranking's key.
    pub run_price_usd: f64,
    /// What it is ranked among.
    #[serde(default)]
    pub class: Class,
    /// Why it has no rank, in words; none of one that has, or of which the user ended the contest. Its prices are then those of what
    /// is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_rank: Option<String>,
    /// Each run's invocations of the function in order of run, the first one and those that it caused; empty where that is not
    /// known, and in a result of a version that did not count them.
    #[serde(default)]
    pub invocations: Vec<u64>,
    /// Each run's memory × billed time of all its invocations in order of run, GB-seconds; empty where `invocations` is.
    #[serde(default)]
    pub billed_gb_seconds: Vec<f64>,
    /// Most memory any run used, MB (`Max Memory Used`); none if no REPORT line was found.
    pub max_memory_mb: Option<u64>,
    /// Mean initialization time of the runs that were cold starts, ms; none if all were warm.
    pub cold_start_ms: Option<f64>,
    /// Counted runs that were cold starts; none if a run's REPORT line was not found, or in a result of a version that did not
    /// count them.
    #[serde(default)]
    pub cold_runs: Option<u64>,
    /// How the number of S3 requests is known; none in a result of a version that did not say so.
    #[serde(default)]
    pub requests_source: Option<RequestsSource>,
    /// S3 requests and the Lambda requests of a run, USD; none where the number of S3's requests is not known.
    pub requests_price_usd: Option<f64>,
    /// `run_price_usd` + `requests_price_usd`; none where the latter is.
    pub total_price_usd: Option<f64>,
    /// What the mean run asked of S3; none where it was not counted.
    #[serde(default)]
    pub s3: Option<S3Use>,
    /// Size of the archive of run 0, bytes.
    pub archive_bytes: u64,
    /// Each run's billed duration in order of run, ms.
    pub durations_ms: Vec<u64>,
    /// Where the time of the mean run went; none if a run's REPORT line was not found, and in a result of a version that did not
    /// keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<RunTime>,
    /// What the planner said of one run before the first one began; none of a contender that it has no model of, and in a result of a
    /// version that predicted nothing.
    #[serde(default)]
    pub predicted: Option<Predicted>,
}

/// What one run should take, from what the stack, the function's configuration and the account's limit say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Predicted {
    /// Time of the first invocation, s; measured, it is `duration_ms`.
    pub seconds: f64,
    /// What Lambda charges for the time of all invocations, USD; measured, it is `run_price_usd`.
    pub lambda_usd: f64,
    /// The same, and S3's and Lambda's requests, USD; measured, it is `total_price_usd`.
    pub total_usd: f64,
    /// Invocations of the function, the first one included.
    pub invocations: u64,
    /// PUT, COPY, POST and LIST requests.
    pub s3_writes: u64,
    /// GET requests.
    pub s3_reads: u64,
}

impl Success {
    /// The mean run's invocations; none where that is not known.
    #[must_use]
    pub fn mean_invocations(&self) -> Option<f64> {
        let all: u64 = self.invocations.iter().sum();
        (!self.invocations.is_empty()).then(|| real(all) / real(self.invocations.len() as u64))
    }
}

/// Where the time of the mean run went, ms: all together are its mean billed duration. Of a run that causes further invocations,
/// that of its first one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunTime {
    /// Initialization of those runs that were cold starts.
    pub init_ms: f64,
    /// What is known of the handler's time; none on AWS, which does not tell, and where a run was not measured.
    pub cpu: Option<RunCpu>,
    /// What is left: waiting, for S3 above all. Without `cpu`, all of the handler's time.
    pub rest_ms: f64,
}

/// What a run's handler had of this machine's processors: means over the runs. Of each run, times that the local environment adds
/// up over threads and processors are cut where they exceed what is left of it, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunCpu {
    /// CPU time, ms.
    pub computing_ms: f64,
    /// Kept from running because its share was used up, ms.
    pub throttled_ms: f64,
    /// Kept from running by other programs although its share allowed it, ms: an estimate.
    pub waited_ms: f64,
}

/// What a run asked of S3: means over all runs of the contest, warm-up runs among them, without what S3 doesn't charge for (deletes, answers 5xx).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct S3Use {
    /// PUT, COPY, POST and LIST requests.
    pub writes: f64,
    /// GET, HEAD and all others that cost.
    pub reads: f64,
    /// Bytes of request bodies; none where only requests were counted.
    pub sent_bytes: Option<f64>,
    /// Bytes of response bodies; none where only requests were counted.
    pub received_bytes: Option<f64>,
    /// Requests answered 503 `SlowDown`; none where only requests were counted.
    pub slow_downs: Option<f64>,
}

/// A contender that is out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The function's ARN.
    pub arn: String,
    /// `crash: …`, `timeout: …`, `invalid: …` or `too slow: …`.
    pub reason: String,
}
