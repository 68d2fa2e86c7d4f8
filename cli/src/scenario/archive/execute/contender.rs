//! What AWS knows of a contender: its function's configuration, and the invocations of its runs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use aws_sdk_lambda::Client;
use jiff::Timestamp;
use protocol::archive::{Contender, Run as ContenderRun, Verdict, function_name};
use results::billing_log::Report;
use tokio::time::{Instant, sleep};

use super::Run;
use super::fan_out::{FanOut, Invocations};
use crate::aws::failed;
use crate::scenario::shared::billing_log::{INTERVAL, TIMEOUT};
use crate::scenario::shared::invocation_log::{Invocation, Line, invocations, lines, worst};

/// How much earlier or later the log's clock may be than this machine's.
const CLOCKS_MS: i64 = 60_000;
/// How much later other environments' lines may be searchable than a run's own.
const SETTLED: Duration = Duration::from_secs(15);

/// A contender and its runs.
pub struct Observed {
    /// As the state machine saw them.
    pub contender: Contender,
    /// What its function is configured to.
    pub configuration: Configuration,
    /// The REPORT lines of its runs, in no order; none if one of its archives is wrong.
    pub reports: Vec<Report>,
    /// What its runs used of the function, all invocations that they caused included.
    pub fan_out: FanOut,
    /// When the last of these ended, ms since 1970.
    pub last_ended_ms: i64,
}

impl Observed {
    /// The REPORT line of a run. A contender may print a line of the same form about itself, but Lambda writes the true one as
    /// well: of several, the worst of each value counts.
    pub fn report(&self, run: &ContenderRun) -> Option<Report> {
        let id = run.request_id.as_ref()?;
        let own = self.reports.iter().filter(|report| report.request_id == *id);
        own.cloned().reduce(|one, other| worst(one, &other))
    }

    /// The REPORT lines in order of run; none if one is missing.
    pub fn reports(&self) -> Option<Vec<Report>> {
        self.contender.runs.iter().map(|run| self.report(run)).collect()
    }
}

/// What a function is configured to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Such as `provided.al2023`.
    pub runtime: String,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory, MB.
    pub memory_mb: u64,
    /// Ephemeral storage, MB.
    pub storage_mb: u64,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Its environment variables.
    pub variables: BTreeMap<String, String>,
}

/// Reads the configuration, and the invocations of a contender whose archives are all right; those that are there a minute after
/// the contest has ended, if lines are missing. Invocations that a run has caused and that are under way still are waited for as
/// long as the function may run. In a contest that `was_stopped`, what started after the last run that counts is one that does not.
pub async fn observe(run: &Run, contender: Contender, ended: Instant, was_stopped: bool) -> Result<Observed> {
    let configuration = configuration(run, &contender.arn).await?;
    let is_valid = |one: &ContenderRun| matches!(one.verdict, Some(Verdict::Valid { .. }));
    if !contender.runs.iter().all(is_valid) {
        let (reports, fan_out, last_ended_ms) = (Vec::new(), FanOut::Unknown, contender.ended_ms);
        return Ok(Observed { contender, configuration, reports, fan_out, last_ended_ms });
    }
    let until_ms = if was_stopped { contender.ended_ms } else { i64::MAX };
    let lines = all_lines(run, &contender, ended + TIMEOUT, configuration.timeout, until_ms).await?;
    let invocations = started_until(until_ms, &lines);
    let last_ended_ms = invocations.iter().filter_map(|one| one.ended_ms).max().unwrap_or(contender.ended_ms);
    let fan_out = Invocations::of(&contender.runs, &invocations).fan_out();
    let reports = lines.iter().filter_map(|line| Report::parse(&line.message)).collect();
    Ok(Observed { contender, configuration, reports, fan_out, last_ended_ms })
}

fn started_until(until_ms: i64, lines: &[Line]) -> Vec<Invocation> {
    let mut started = invocations(lines);
    started.retain(|one| one.started_ms <= until_ms);
    started
}

/// The lines of all invocations that a contender's runs have caused and that started until a time; those that are there by the
/// deadline, and while some are under way, a timeout later.
async fn all_lines(
    run: &Run,
    contender: &Contender,
    deadline: Instant,
    timeout: Duration,
    until_ms: i64,
) -> Result<Vec<Line>> {
    let function = function_name(&contender.arn);
    // What was started before the runs, such as by warm-up runs, has to be known as well.
    let from_ms = contender.started_ms.min(run.started_at.as_millisecond()) - CLOCKS_MS;
    // Each environment has a log stream of its own, and CloudWatch makes one searchable sooner than another.
    let is_spread = run.deployment().is_on_aws() && run.deployed.self_invoking.contains(&contender.arn);
    let settled = if is_spread { SETTLED } else { INTERVAL };
    let mut before = (usize::MAX, Instant::now());
    loop {
        let to_ms = contender.ended_ms.max(Timestamp::now().as_millisecond()) + CLOCKS_MS;
        let lines = lines(run.context(), function, from_ms, to_ms).await?;
        let found = started_until(until_ms, &lines);
        let found = Invocations::of(&contender.runs, &found);
        // Lines come in pieces: they are trusted once later searches have found no more.
        if lines.len() != before.0 {
            before = (lines.len(), Instant::now());
        }
        let is_all = before.1.elapsed() >= settled && !found.lacks_reports() && found.under_way() == 0;
        let longest = if found.under_way() > 0 { timeout } else { Duration::ZERO };
        if is_all || Instant::now() >= deadline + longest {
            return Ok(lines);
        }
        sleep(INTERVAL).await;
    }
}

/// What a contender's function is configured to.
///
/// # Errors
/// If Lambda doesn't say it.
pub async fn configuration(run: &Run, arn: &str) -> Result<Configuration> {
    let found = Client::new(&run.config).get_function_configuration().function_name(arn).send().await;
    let found = found.map_err(|error| failed("GetFunctionConfiguration", run.deployment())(&error))?;
    let variables = found.environment().and_then(|environment| environment.variables());
    let number = |number: i32| u64::try_from(number).unwrap_or_default();
    Ok(Configuration {
        runtime: found.runtime().map(|runtime| runtime.as_str().to_owned()).unwrap_or_default(),
        architecture: found.architectures().first().map_or("x86_64", |one| one.as_str()).to_owned(),
        memory_mb: found.memory_size().map(number).unwrap_or_default(),
        storage_mb: found.ephemeral_storage().map_or(512, |storage| number(storage.size())),
        timeout: Duration::from_secs(found.timeout().map(number).unwrap_or_default()),
        variables: variables.cloned().unwrap_or_default().into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::archive::testing::log::Log;
    use crate::scenario::archive::testing::{run, runs};

    /// What is observed of a contender with one run, if each search for START lines finds the next of these logs, and how many
    /// searches it took.
    async fn observed(logs: Vec<Log>) -> (Observed, usize) {
        observed_of(logs, false).await
    }

    async fn observed_of(logs: Vec<Log>, was_stopped: bool) -> (Observed, usize) {
        let searches = Arc::new(Mutex::new(0));
        let count = Arc::clone(&searches);
        let (config, _) = test_kit::aws::config(move |operation, body: &Value| {
            if operation != "FilterLogEvents" {
                return (200, json!({ "MemorySize": 512, "Timeout": 900 }));
            }
            let pattern = body["filterPattern"].as_str().unwrap();
            let mut searches = count.lock().unwrap();
            *searches += usize::from(pattern.contains("START"));
            (200, logs[(*searches - 1).min(logs.len() - 1)].found(pattern))
        });
        let run = Run { config, ..run() };
        let observed = observe(&run, runs(&[1000.0]), Instant::now(), was_stopped).await.unwrap();
        let searches = *searches.lock().unwrap();
        (observed, searches)
    }

    fn invocations_of(observed: &Observed) -> u64 {
        match &observed.fan_out {
            FanOut::Known(runs) => runs[0].invocations,
            other => panic!("{other:?}"),
        }
    }

    fn alone() -> Log {
        Log::default().invocation("request-0", 1000, 500)
    }

    #[tokio::test(start_paused = true)]
    async fn a_contender_that_does_not_fan_out_is_known_by_the_second_search() {
        let (observed, searches) = observed(vec![alone()]).await;
        assert_eq!((invocations_of(&observed), searches), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_was_stopped_is_not_taken_for_what_the_last_one_caused() {
        // The runs that count ended at 240 s.
        let log = alone().invocation("stopped", 250_000, 500);
        assert_eq!(invocations_of(&observed_of(vec![log.clone()], true).await.0), 1);
        assert_eq!(invocations_of(&observed_of(vec![log], false).await.0), 2, "what was queued comes late");
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_under_way_is_waited_for_longer_than_lines_that_are_late() {
        let (late, before) = (alone().in_stream("worker").invocation("w", 1400, 100_000), Instant::now());
        let under_way = alone().in_stream("worker").start("w", 1400);
        let mut logs = vec![under_way; 45];
        logs.push(late);
        let (observed, _) = observed(logs).await;
        assert_eq!(invocations_of(&observed), 2);
        assert!(before.elapsed() > TIMEOUT, "{:?}", before.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_that_never_ends_is_given_up_once_it_must_have() {
        let before = Instant::now();
        let (observed, _) = observed(vec![alone().in_stream("worker").start("w", 1400)]).await;
        assert!(matches!(observed.fan_out, FanOut::Untold { .. }));
        let waited = before.elapsed();
        let most = TIMEOUT + Duration::from_mins(15);
        assert!((most..most + INTERVAL).contains(&waited), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_without_a_report_is_given_up_a_minute_after_the_contest() {
        let before = Instant::now();
        let (observed, _) = observed(vec![Log::default().start("request-0", 1000)]).await;
        assert_eq!(observed.fan_out, FanOut::Unknown);
        assert!(before.elapsed() < TIMEOUT + INTERVAL, "{:?}", before.elapsed());
    }
}
