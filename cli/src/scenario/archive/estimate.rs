//! What a contest will cost and meet, before it begins.

use anyhow::Result;
use futures::future::try_join_all;
use protocol::stats::{real, whole};
use results::cost::{Cost, Usage};
use results::prices::{FREE_STORAGE_MB, LAMBDA_REQUEST, S3_READ, STATE_TRANSITION, compute, gigabytes};
use results::scenario::Detail;
use results::scenario::archive::{Class, Contest, ContestOptions, Success};

use super::Run;
use super::execute::{Configuration, METRICS_SECONDS, configuration};
use super::report::{Requests, contender, usage};
use crate::scenario::shared::estimate::{
    Bound, Part, Past, Plan, Range, bytes_by, objects, of_run, stored_bytes,
};
use crate::scenario::shared::limits::{
    Allowed, Limit, S3_WRITES, concurrency, history_events, map_iterations,
};

/// What a contender archives in a second with 256 MB, and at most: docs/prediction.md has what the public contest's streaming
/// contender takes.
const BYTES_PER_SECOND: f64 = 40e6;
const MOST_BYTES_PER_SECOND: f64 = 75e6;
/// The slowest and the fastest contender of this project: one that fetches one object after the other, one that only copies.
const SLOWEST_BYTES_PER_SECOND: f64 = 20e6;
const FASTEST_BYTES_PER_SECOND: f64 = 2e9;
/// Write requests for each object of a contender that copies, at most: 20,000 for 3,000 objects.
const COPIES: f64 = 6.7;
/// How many more requests there are than in proportion to the content, where it is another one.
const OTHER_CONTENT: Range = Range::new(0.7, 1.0, 1.3);
/// Size of a part that a streaming contender uploads, bytes.
const PART_BYTES: f64 = 256.0 * 1024.0 * 1024.0;
/// What verifying an archive takes, bytes per second.
const VERIFIED_PER_SECOND: Range = Range::new(200e6, 50e6, 25e6);
/// What a ranged read of the verification has, bytes.
const VERIFIED_RANGE: f64 = 8.0 * 1024.0 * 1024.0;
/// Around all runs: the preflight, the clean-up, and the REPORT lines, s.
const AROUND_SECONDS: Range = Range::new(5.0, 15.0, 90.0);

/// What a contest will cost and meet; `size` is the memory of all contenders if it is not their own.
pub async fn plan(
    run: &Run,
    options: &ContestOptions,
    invocations_at_once: u64,
    size: Option<u64>,
    pasts: &[&Past],
) -> Result<Plan> {
    let configurations = run.deployed.contenders.iter().map(|arn| configuration(run, arn));
    let configurations = try_join_all(configurations).await?;
    let arns = run.deployed.contenders.iter().zip(configurations);
    let all: Vec<Expected<'_>> =
        arns.map(|(arn, configuration)| Expected::new(run, arn, configuration, size, pasts)).collect();
    let runs = real(options.runs_per_contender);
    let counted = all.iter().map(|one| Part::of_many(one.name, runs, |bound| one.usage(bound)));
    let mut besides: Vec<Part> = Vec::new();
    if options.warmup_runs > 0 {
        let warmups = real(options.warmup_runs);
        besides
            .extend(all.iter().map(|one| {
                Part::of_many(format!("{} warm-up", one.name), warmups, |bound| one.usage(bound))
            }));
    }
    besides.push(Part::of("verification", |bound| verification(run, options, bound)));
    Ok(Plan {
        standing: vec![objects(&run.prices, run.deployment())],
        parts: counted.collect(),
        besides,
        seconds: seconds(run, options, &all),
        limits: limits(run, options, invocations_at_once, &all),
        assumptions: assumptions(run, &all),
        not_counted: "archives while they wait to be verified; logs and tracing",
    })
}

/// The same with S3's request metrics, which have to start, need pauses around the runs, and come late.
pub fn with_request_metrics(plan: Plan) -> Plan {
    Plan {
        seconds: plan.seconds.plus(METRICS_SECONDS),
        not_counted: "archives while they wait to be verified; S3's request metrics; logs and tracing",
        ..plan
    }
}

/// What the ranked runs of a result used.
pub fn used(contest: &Contest, stack: &str, costs: &[Cost]) -> Vec<Cost> {
    let of = |success: &Success| {
        let name = contender(stack, &success.arn);
        of_run(costs, name, &[&format!("{name} run")], real(success.runs_count))
    };
    contest.success.iter().chain(&contest.unranked).filter_map(of).collect()
}

/// A contender's runs that are to come.
struct Expected<'a> {
    run: &'a Run,
    name: &'a str,
    configuration: Configuration,
    /// What an earlier run says.
    past: Option<(&'a Past, &'a Success)>,
}

impl<'a> Expected<'a> {
    fn new(
        run: &'a Run,
        arn: &'a str,
        configuration: Configuration,
        size: Option<u64>,
        pasts: &[&'a Past],
    ) -> Self {
        let name = contender(&run.deployment().stack, arn);
        let memory_mb = size.unwrap_or(configuration.memory_mb);
        let configuration = Configuration { memory_mb, ..configuration };
        let past = pasts.iter().find_map(|past| {
            let Detail::Archive(contest) = &past.detail else { return None };
            let found =
                contest.success.iter().find(|success| contender(&past.stack, &success.arn) == name)?;
            Some((*past, found))
        });
        Self { run, name, configuration, past }
    }

    /// A run.
    fn usage(&self, bound: Bound) -> Usage {
        let Configuration { architecture, memory_mb, storage_mb, .. } = &self.configuration;
        let seconds = self.seconds().at(bound);
        let billed = seconds * self.billed_per_second();
        let storage = gigabytes(storage_mb.saturating_sub(FREE_STORAGE_MB)) * billed;
        let requests = Requests {
            invocations: self.past.and_then(|(_, success)| success.mean_invocations()).unwrap_or(1.0),
            writes: self.writes().at(bound),
            reads: self.reads().at(bound),
        };
        usage(&self.run.prices, architecture, [gigabytes(*memory_mb) * billed, storage], Some(requests))
    }

    /// Seconds that are billed for each second of a run's first invocation: more than one if it fans out, as an earlier run showed.
    fn billed_per_second(&self) -> f64 {
        let Some((_, success)) = self.past else { return 1.0 };
        let own = gigabytes(success.memory_mb) * real(success.duration_ms) / 1e3;
        if success.class == Class::FanOut && own > 0.0 { success.gb_second_compute / own } else { 1.0 }
    }

    /// How much more there is to archive than in the earlier run.
    fn scale(&self, past: &Past) -> f64 {
        let before = bytes_by(|name| past.setting(name));
        if before > 0.0 { stored_bytes(self.run.deployment()) / before } else { 1.0 }
    }

    /// A run's billed time, no longer than it may take.
    fn seconds(&self) -> Range {
        let deployment = self.run.deployment();
        let timeout = real(deployment.setting("timeoutSeconds").unwrap_or(900));
        let seconds = if let Some((past, success)) = self.past {
            let scale = self.scale(past);
            // What takes as long however many objects there are is not known.
            let by_content = Range::new(scale.min(1.0), scale, scale.max(1.0));
            let by_memory = past.durations(deployment, success.memory_mb, self.configuration.memory_mb);
            by_content.times(by_memory).map(|longer| longer * real(success.duration_ms) / 1e3)
        } else {
            let bytes = stored_bytes(deployment);
            let by_memory = BYTES_PER_SECOND * real(self.configuration.memory_mb) / 256.0;
            let rate = by_memory.clamp(1.0, MOST_BYTES_PER_SECOND);
            Range::new(
                bytes / FASTEST_BYTES_PER_SECOND,
                bytes / rate,
                bytes / rate.min(SLOWEST_BYTES_PER_SECOND),
            )
        };
        seconds.clamp(0.0, timeout)
    }

    fn writes(&self) -> Range {
        if let Some((past, s3)) = self.counted() {
            return self.scaled(past, s3.writes);
        }
        let streamed = (stored_bytes(self.run.deployment()) / PART_BYTES).ceil() + 3.0;
        Range::new(3.0, streamed, (COPIES * self.objects()).max(streamed))
    }

    fn reads(&self) -> Range {
        match self.counted() {
            Some((past, s3)) => self.scaled(past, s3.reads),
            None => Range::new(0.0, self.objects(), self.objects() + 10.0),
        }
    }

    /// Requests of the earlier run, for the content that there is now: exactly as many for the same.
    fn scaled(&self, past: &Past, requests: f64) -> Range {
        let scale = self.scale(past);
        let spread = if is_same(scale) { Range::exact(1.0) } else { OTHER_CONTENT };
        spread.map(|spread| spread * scale * requests)
    }

    fn counted(&self) -> Option<(&'a Past, results::scenario::archive::S3Use)> {
        self.past.and_then(|(past, success)| Some((past, success.s3?)))
    }

    fn objects(&self) -> f64 {
        real(self.run.deployment().setting("objectCount").unwrap_or_default())
    }
}

/// Every archive, read and compared with the objects; and the states of the executions.
fn verification(run: &Run, options: &ContestOptions, bound: Bound) -> Usage {
    let (prices, bytes) = (&run.prices, stored_bytes(run.deployment()));
    let archives = real(run.deployed.contenders.len() as u64 * options.runs_per_contender);
    let gb_seconds =
        archives * gigabytes(run.deployed.verification.memory) * bytes / VERIFIED_PER_SECOND.at(bound);
    let reads = Range::new(1.0, bytes / VERIFIED_RANGE, 2.0 * bytes / VERIFIED_RANGE).at(bound).ceil();
    let mut usage = Usage::default();
    if let Some(price) = compute(&run.deployment().architecture) {
        usage.add("compute", gb_seconds, prices.quote(price));
    }
    // Each execution has a preflight and a clean-up.
    let executions = if options.cold_only { options.runs_per_contender } else { 1 };
    usage.add("Lambda requests", archives + 2.0 * real(executions), prices.quote(LAMBDA_REQUEST));
    usage.add("S3 reads", archives * reads, prices.quote(S3_READ));
    usage.add("Step Functions", real(transitions(run, options)), prices.quote(STATE_TRANSITION));
    usage
}

/// The start of each execution and the states that it enters: those around the contenders, those of each contender, and of each of its
/// runs, warm-up runs and verifications (`stacks/archive/definition.asl.json`).
fn transitions(run: &Run, options: &ContestOptions) -> u64 {
    let ContestOptions { runs_per_contender, warmup_runs, cold_only, .. } = options;
    let (executions, runs) = if *cold_only { (*runs_per_contender, 1) } else { (1, *runs_per_contender) };
    let warmup = if *warmup_runs > 0 { 3 + 2 * warmup_runs } else { 0 };
    let contenders = run.deployed.contenders.len() as u64;
    executions * (8 + contenders * (3 + warmup + 4 * runs))
}

/// Whether there is as much to archive as in an earlier run.
fn is_same(scale: f64) -> bool {
    (scale - 1.0).abs() < 1e-9
}

fn setting(run: &Run, name: &str) -> u64 {
    run.deployment().setting(name).unwrap_or(1).max(1)
}

fn seconds(run: &Run, options: &ContestOptions, all: &[Expected<'_>]) -> Range {
    let rounds = |runs: u64, at_once: u64| real(runs.div_ceil(at_once));
    let at_once = setting(run, "runsAtOnce");
    let runs = rounds(options.runs_per_contender, at_once) + rounds(options.warmup_runs, at_once);
    let verified = rounds(options.runs_per_contender, run.deployed.verification.at_once.max(1));
    let bytes = stored_bytes(run.deployment());
    let verifying = VERIFIED_PER_SECOND.map(|per_second| verified * bytes / per_second);
    let of_each = all.iter().map(|one| one.seconds().map(|seconds| seconds * runs).plus(verifying));
    let sum = of_each.fold(Range::default(), Range::plus);
    let contenders_at_once = setting(run, "contendersAtOnce").min(all.len().max(1) as u64);
    sum.map(|seconds| seconds / real(contenders_at_once)).plus(AROUND_SECONDS)
}

fn limits(run: &Run, options: &ContestOptions, invocations_at_once: u64, all: &[Expected<'_>]) -> Vec<Limit> {
    let [runs, contenders] = ["runsAtOnce", "contendersAtOnce"].map(|name| setting(run, name));
    let at_once = runs.min(options.runs_per_contender.max(options.warmup_runs));
    let count = all.len() as u64;
    let runs_of_each = if options.cold_only { 1 } else { options.runs_per_contender };
    // As the state machine checks it itself.
    let events = count * (22 + 9 * (options.warmup_runs + 2 * runs_of_each)) + 29;
    let writes = all.iter().map(|one| {
        let seconds = one.seconds().expected;
        if seconds > 0.0 { one.writes().expected / seconds * real(at_once) } else { 0.0 }
    });
    vec![
        concurrency(run, with_fan_out(invocations_at_once, all)),
        map_iterations(runs.max(contenders), "lower the settings runsAtOnce and contendersAtOnce"),
        history_events(events, "lower --runs, or name fewer contenders with --contender"),
        Limit::new(
            "writes per second and prefix (S3)",
            real(whole(writes.fold(0.0, f64::max))),
            Allowed::documented(S3_WRITES),
            "S3 grows with the load in some minutes, and answers 503 until then: lower the setting runsAtOnce",
        ),
    ]
}

/// Invocations at once, with those that a contender causes itself, as an earlier run showed.
fn with_fan_out(invocations_at_once: u64, all: &[Expected<'_>]) -> u64 {
    let widest = all.iter().filter_map(|one| one.past?.1.mean_invocations()).fold(1.0, f64::max);
    whole((real(invocations_at_once) * widest).ceil())
}

fn assumptions(run: &Run, all: &[Expected<'_>]) -> Vec<String> {
    let deployment = run.deployment();
    let (known, unknown): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.past.is_some());
    let mut said: Vec<String> = Vec::new();
    for one in known {
        let Some((past, success)) = one.past else { continue };
        let what = if success.s3.is_some() { "durations and S3 requests" } else { "durations" };
        let scale = one.scale(past);
        let scaled =
            if is_same(scale) { String::new() } else { format!(", for {scale:.2} times as many bytes") };
        said.push(past.says(deployment, &format!("{}: {what}{scaled}", one.name)));
    }
    if !unknown.is_empty() {
        let names: Vec<_> = unknown.iter().map(|one| one.name).collect();
        said.push(format!(
            "{}: durations and S3 requests: assumed: between a contender that copies inside S3 and one that fetches one object after \
             the other",
            names.join(", ")
        ));
    }
    if all.iter().any(|one| one.past.is_some() && one.counted().is_none()) {
        said.push("S3 requests: assumed where no earlier result counted them".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::scenario::archive::Archive;
    use crate::scenario::archive::testing::{options, run};
    use crate::scenario::shared::estimate::testing::{again, assert_alike};
    use crate::scenario::shared::testing::parsed;

    fn arn(name: &str) -> String {
        format!("arn:aws:lambda:us-east-1:0:function:lambench-dev-{name}")
    }

    /// 3,000 objects of 5 MiB.
    fn full_size() -> Run {
        let mut run = run();
        let settings = [("objectCount", 3000), ("objectSizeMib", 5), ("timeoutSeconds", 900)];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.into()));
        run.deployed.deployment.settings.extend(settings);
        run
    }

    fn expected<'a>(run: &'a Run, arn: &'a str, memory_mb: u64) -> Expected<'a> {
        let configuration = crate::scenario::archive::testing::configuration();
        Expected::new(run, arn, configuration, Some(memory_mb), &[])
    }

    #[tokio::test]
    async fn the_same_contest_again_is_estimated_as_it_was() {
        let mut run = run();
        run.deployed.contenders =
            ["rust-copy-plan", "rust-stream", "rust-sdk-stream", "python-naive"].map(arn).to_vec();
        let archive = Archive::new(&parsed("").unwrap()).unwrap();
        assert_alike(&again(&archive, run).await, &[]);
    }

    #[test]
    fn an_unknown_contender_is_between_the_slowest_and_one_that_copies() {
        let (run, arn) = (full_size(), arn("rust-new"));
        let one = expected(&run, &arn, 512);
        let seconds = one.seconds();
        assert!(
            (205.0..215.0).contains(&seconds.expected),
            "the public contest's streaming contender: {seconds:?}"
        );
        assert!(seconds.low < 11.0 && seconds.high > 630.0, "{seconds:?}");
        let writes = one.writes();
        assert!(writes.low < 4.0 && writes.high > 20_000.0 && writes.expected < 100.0, "{writes:?}");
        let small = expected(&run, &arn, 256);
        assert!((380.0..400.0).contains(&small.seconds().expected), "{:?}", small.seconds());
    }

    #[test]
    fn no_run_takes_longer_than_its_timeout() {
        let (mut run, arn) = (full_size(), arn("rust-new"));
        run.deployed.deployment.settings.insert("timeoutSeconds".to_owned(), 100.into());
        let seconds = expected(&run, &arn, 128).seconds();
        assert_eq!((seconds.expected, seconds.high), (100.0, 100.0));
    }

    #[test]
    fn a_contest_enters_the_states_of_its_definition() {
        let run = full_size();
        let of = |warmup_runs, cold_only| {
            let options = ContestOptions { runs_per_contender: 10, warmup_runs, cold_only, ..options() };
            transitions(&run, &options)
        };
        assert_eq!(of(0, false), 8 + 3 + 40);
        assert_eq!(of(2, false), 8 + 3 + 3 + 4 + 40);
        assert_eq!(of(0, true), 10 * (8 + 3 + 4));
    }
}
