//! A load that functions send: an execution of the state machine that starts them, and what they report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::{Context, Result, bail};
use load::{Counters, GeneratedLoad, MergedLoad, Report, RequestLog, RequestStatus, SharedLoad};
use protocol::pipeline::LoadGenerator;
use results::scenario::pipeline::Workers;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Run, Status};
use crate::output;
use crate::progress::Progress;
use crate::scenario::pipeline::options::Options;
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::state_machine::{Events, Machine};

/// Between the start of an execution and that of its load, ms: functions have to start and connect.
const START_DELAY_MS: u64 = 5000;
/// The same for each function besides, ms: Lambda makes 1,000 environments of a function in 10 s (Lambda quotas), and
/// Step Functions limits the rate of its transitions, of which each function takes some.
const START_DELAY_OF_WORKER_MS: u64 = 20;

/// The functions that have sent a load.
#[derive(Debug, Clone, Default)]
pub struct LoadWorkers {
    /// How many, and how well.
    pub workers: Workers,
    /// Why some of them have died, and how many.
    pub errors: BTreeMap<String, u64>,
    /// When the execution started and ended, ms since 1970.
    pub span_ms: (i64, i64),
    /// Its state transitions that are charged for.
    pub transitions: u64,
    /// What the functions are charged for; none where REPORT lines are missing.
    pub billed: Option<Billed>,
}

/// What the state machine takes.
#[derive(Debug, Serialize)]
struct Input {
    load: SharedLoad,
    start_delay_ms: u64,
}

/// What it returns of a worker.
#[derive(Debug, Deserialize)]
struct WorkerEnd {
    /// Why it has died, if it has.
    error: Option<String>,
}

/// Has the functions send the load to its end.
pub async fn send(run: &Run, options: &Options, status: &Status) -> Result<(GeneratedLoad, LoadWorkers)> {
    let machine = machine(run)?;
    machine.refuse_other().await?;
    let input = input(run, options);
    let schedule = &input.load.schedule;
    run.stop.waits_for("the functions to send the rest of the load");
    status.execution.replace(Some(machine.execution(&run.name)));
    let arn = machine.start(&run.name, &json!(input)).await?;
    let mut progress = Progress::new(run.progress, schedule.workers);
    let reported = |events: &Events| events.ended.saturating_sub(events.throttled);
    let message = "functions have sent their part of the load";
    progress.set(0, message);
    let ended = machine.follow(&arn, |events| progress.set(reported(events), message)).await?;
    status.execution.replace(None);
    progress.end();
    let ends: Vec<Vec<WorkerEnd>> = ended.output("the load", |_| None)?;
    let outputs = machine.task_outputs(&arn).await?;
    let merged = MergedLoad::new(schedule, outputs.iter().filter_map(|output| report(output)));
    let errors = errors(ends.into_iter().flatten());
    status.counters.replace(Some(Arc::new(counters(&merged.load.requests))));
    if merged.reported == 0 {
        bail!(
            "no function has reported what it has sent ({}): see what they logged with: {}",
            errors.keys().next().map_or("no reason given", String::as_str),
            run.logs_command("pipeline/load")
        );
    }
    let workers = LoadWorkers {
        workers: Workers {
            count: schedule.workers,
            lost: schedule.workers - merged.reported,
            unreported: merged.unreported,
            late: merged.late,
            latest_ms: merged.load.late.as_secs_f64() * 1000.0,
        },
        errors,
        span_ms: ended.span_ms(),
        transitions: machine.events(&arn).await?.transitions(),
        billed: None,
    };
    Ok((merged.load, workers))
}

/// Stops the execution under way, if there is one: no further function starts.
pub async fn stop(run: &Run, status: &Status) -> Result<()> {
    if let Some(execution) = status.execution.take() {
        output::print_error("stopping the execution …");
        machine(run)?.stop(&execution).await?;
    }
    Ok(())
}

fn machine(run: &Run) -> Result<Machine<'_>> {
    Ok(Machine::new(&run.config, run.deployment(), &generator(run)?.state_machine))
}

/// What generates load on Lambda.
pub fn generator(run: &Run) -> Result<&LoadGenerator> {
    run.deployed.load.as_ref().with_context(|| {
        format!(
            "the stack has no functions that generate load: deploy it again with: {}",
            run.deployment().pulumi("up")
        )
    })
}

fn input(run: &Run, options: &Options) -> Input {
    let schedule = options.schedule();
    let start_delay_ms = start_delay_ms(schedule.workers);
    let load = SharedLoad {
        run: run.name.clone(),
        schedule,
        connections: options.connections,
        message_bytes: options.size,
    };
    Input { load, start_delay_ms }
}

/// Between the start of an execution and that of the load that so many functions send, ms.
pub fn start_delay_ms(workers: u64) -> u64 {
    START_DELAY_MS + START_DELAY_OF_WORKER_MS * workers
}

/// What a task of the execution returned.
fn report(output: &str) -> Option<Report> {
    let mut output: Value = serde_json::from_str(output).ok()?;
    serde_json::from_value(output.get_mut("Payload")?.take()).ok()
}

/// What there is to know of a load under way, once it is over.
fn counters(requests: &RequestLog) -> Counters {
    let counters = Counters::default();
    counters.sent.store(requests.sent(), Relaxed);
    counters.accepted.store(requests.count(RequestStatus::Accepted), Relaxed);
    counters
}

fn errors(ends: impl Iterator<Item = WorkerEnd>) -> BTreeMap<String, u64> {
    let mut errors = BTreeMap::new();
    for error in ends.filter_map(|end| end.error) {
        *errors.entry(error).or_default() += 1;
    }
    errors
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use load::Task;

    use super::*;
    use crate::scenario::pipeline::options::Origin;
    use crate::scenario::pipeline::testing::{options, run};

    fn by_functions() -> Options {
        Options { from: Origin::Functions, workers: Some(40), ..options() }
    }

    #[test]
    fn the_state_machine_gets_what_each_worker_is_told() {
        let input = json!(input(&run(), &by_functions()));
        assert_eq!(input["start_delay_ms"], 5800);
        assert_eq!(input["load"]["schedule"]["workers"], 40, "the state machine counts them");
        let task = json!({ "load": input["load"], "worker": 7, "start_at_ms": 1_763_719_200_000_u64 });
        let task: Task = serde_json::from_value(task).unwrap();
        assert_eq!(task.load.schedule, by_functions().schedule());
    }

    #[test]
    fn a_report_is_read_from_what_its_task_returned() {
        let mut requests = RequestLog::new(5);
        requests.statuses.fill(RequestStatus::Accepted);
        let load = GeneratedLoad { start_us: 7, requests, ..GeneratedLoad::default() };
        let output = json!({ "StatusCode": 200, "Payload": Report { worker: 3, load } }).to_string();
        let report = report(&output).unwrap();
        assert_eq!((report.worker, report.load.start_us, report.load.requests.sent()), (3, 7, 5));
        let counters = counters(&report.load.requests);
        assert_eq!(counters.accepted.load(Relaxed), 5, "for whoever aborts the run now");
        assert_eq!(report.load.late, Duration::ZERO);
        assert!(super::report("{}").is_none() && super::report(r#"{"Payload":{"worker":1}}"#).is_none());
    }

    #[test]
    fn functions_that_died_are_counted_by_their_errors() {
        let output = r#"[[{"worker":0},{"worker":1,"error":"Runtime.ExitError: killed"}],[{"worker":40}]]"#;
        let ends: Vec<Vec<WorkerEnd>> = serde_json::from_str(output).unwrap();
        let errors = errors(ends.into_iter().flatten());
        assert_eq!(errors, BTreeMap::from([("Runtime.ExitError: killed".to_owned(), 1)]));
    }

    #[tokio::test]
    async fn a_stack_without_such_functions_says_how_to_get_them() {
        let mut run = run();
        run.deployed.load = None;
        let said = send(&run, &by_functions(), &Status::default()).await.unwrap_err().to_string();
        assert!(said.ends_with("deploy it again with: pulumi up --stack dev"), "{said}");
    }
}
