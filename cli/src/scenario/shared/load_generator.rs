//! Functions that send a load together: an execution of the state machine that starts them, and what they report.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use protocol::deployment::Deployment;
use protocol::load_generator::{Input, LoadGenerator};
use protocol::stats::real;
use results::cost::Usage;
use results::price_list::PriceList;
use results::prices::STATE_TRANSITION;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::billing_log::{self, Billed, Invocations, Span};
use super::cost::lambda;
use super::estimate::{HISTORY_EVENTS, Limit};
use super::run_context::RunContext;
use super::state_machine::{Events, Machine};
use super::tables::count;
use crate::progress::Progress;

/// Between the start of an execution and that of its load, ms: functions have to start and connect.
const START_DELAY_MS: u64 = 5000;
/// The same for each function besides, ms: Lambda makes 1,000 environments of a function in 10 s (Lambda quotas), and
/// Step Functions limits the rate of its transitions, of which each function takes some.
const START_DELAY_OF_WORKER_MS: u64 = 20;

/// What functions have reported that sent a load.
#[derive(Debug)]
pub struct Reports<Report> {
    /// Of those that lived to tell; no order.
    pub reports: Vec<Report>,
    /// What sent it.
    pub generation: Generation,
}

/// What sent a load.
#[derive(Debug, Clone, Default)]
pub struct Generation {
    /// How many functions were started.
    pub workers: u64,
    /// Those of them that have reported.
    pub reported: u64,
    /// Why others have died, and how many.
    pub errors: BTreeMap<String, u64>,
    /// When the execution started and ended, ms since 1970.
    pub span_ms: (i64, i64),
    /// Its state transitions that are charged for.
    pub transitions: u64,
    /// What the functions are charged for; none where REPORT lines are missing.
    pub billed: Option<Billed>,
}

/// What the state machine returns of a worker.
#[derive(Debug, Deserialize)]
struct WorkerEnd {
    /// Why it has died, if it has.
    error: Option<String>,
}

/// What a stack generates load with.
///
/// # Errors
/// If it was deployed before there were such functions.
pub fn deployed<'a>(
    generator: Option<&'a LoadGenerator>,
    deployment: &Deployment,
) -> Result<&'a LoadGenerator> {
    generator.with_context(|| {
        format!(
            "the stack has no functions that generate load: deploy it again with: {}",
            deployment.pulumi("up")
        )
    })
}

/// Between the start of an execution and that of the load that so many functions send, ms.
pub fn start_delay_ms(workers: u64) -> u64 {
    START_DELAY_MS + START_DELAY_OF_WORKER_MS * workers
}

/// What the state machine takes of a load that so many functions send.
pub fn input<Load>(load: Load, workers: u64) -> Input<Load> {
    Input { load, workers, start_delay_ms: start_delay_ms(workers) }
}

/// A stack's state machine.
pub fn machine<'a>(context: RunContext<'a>, generator: &'a LoadGenerator) -> Machine<'a> {
    Machine::new(context.config, context.deployment, &generator.state_machine)
}

/// Has functions send a load to its end, in an execution of this name; each is told the load and its own number.
///
/// # Errors
/// If another one is under way, AWS fails, or none of the functions has reported; `logs` prints what they logged.
pub async fn send<Load: Serialize, Report: DeserializeOwned>(
    context: RunContext<'_>,
    machine: &Machine<'_>,
    name: &str,
    input: &Input<Load>,
    logs: &str,
) -> Result<Reports<Report>> {
    machine.refuse_other().await?;
    let arn = machine.start(name, &json!(input)).await?;
    let mut progress = Progress::new(context.progress, input.workers);
    let reported = |events: &Events| events.ended.saturating_sub(events.throttled);
    let message = "functions have sent their part of the load";
    progress.set(0, message);
    let ended = machine.follow(&arn, |events| progress.set(reported(events), message)).await?;
    progress.end();
    let ends: Vec<Vec<WorkerEnd>> = ended.output("the load", |_| None)?;
    let outputs = machine.task_outputs(&arn).await?;
    let reports: Vec<Report> = outputs.iter().filter_map(|output| report(output)).collect();
    let errors = errors(ends.into_iter().flatten());
    if reports.is_empty() {
        let why = errors.keys().next().map_or("no reason given", String::as_str);
        bail!("no function has reported what it has sent ({why}): see what they logged with: {logs}");
    }
    let generation = Generation {
        workers: input.workers,
        reported: reports.len() as u64,
        errors,
        span_ms: ended.span_ms(),
        transitions: machine.events(&arn).await?.transitions(),
        billed: None,
    };
    Ok(Reports { reports, generation })
}

impl Generation {
    /// Looks up what the functions are charged for.
    ///
    /// # Errors
    /// If the user has asked to stop the run twice.
    pub async fn look_up(
        &mut self,
        context: RunContext<'_>,
        function: &str,
        now: tokio::time::Instant,
        warnings: &mut Vec<String>,
    ) -> Result<()> {
        let (from_ms, to_ms) = self.span_ms;
        let invocations = Invocations::Count(self.reported..=self.workers);
        let span = Span { function, from_ms, to_ms, invocations };
        self.billed = billing_log::billed(context, &span, now, warnings).await?;
        Ok(())
    }

    /// Which of them have died, in words; `logs` prints what they logged.
    pub fn deaths(&self, logs: &str) -> impl Iterator<Item = String> {
        self.errors.iter().map(move |(error, many)| {
            let functions = count(*many, "function");
            format!("{functions} of the load generator died ({error}): see what it logged with: {logs}")
        })
    }

    /// What they and the state machine cost.
    pub fn usage(&self, prices: &PriceList, architecture: &str, generator: &LoadGenerator) -> Usage {
        usage(prices, architecture, generator, self.billed, self.transitions)
    }
}

/// What so many functions and state transitions cost.
pub fn usage(
    prices: &PriceList,
    architecture: &str,
    generator: &LoadGenerator,
    billed: Option<Billed>,
    transitions: u64,
) -> Usage {
    let mut usage = lambda(prices, architecture, generator.memory, billed);
    usage.add("Step Functions", real(transitions), prices.quote(STATE_TRANSITION));
    usage
}

/// The state transitions of an execution that starts so many functions.
pub fn transitions(generator: &LoadGenerator, workers: u64) -> u64 {
    3 + workers.div_ceil(generator.group_size) + 2 * workers
}

/// What its history has of what one may have.
pub fn history(generator: &LoadGenerator, workers: u64) -> Limit {
    // With two throttled attempts each.
    let events = 50 + 15 * workers + 6 * workers.div_ceil(generator.group_size);
    Limit::new("events in a history (Step Functions)", real(events), HISTORY_EVENTS)
}

/// What a task of the execution returned.
fn report<Report: DeserializeOwned>(output: &str) -> Option<Report> {
    let mut output: Value = serde_json::from_str(output).ok()?;
    serde_json::from_value(output.get_mut("Payload")?.take()).ok()
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
    use super::*;

    #[test]
    fn a_report_is_read_from_what_its_task_returned() {
        let output = json!({ "StatusCode": 200, "Payload": { "worker": 3, "sent": 5 } }).to_string();
        #[derive(Debug, PartialEq, Deserialize)]
        struct Report {
            worker: u64,
            sent: u64,
        }
        assert_eq!(report(&output), Some(Report { worker: 3, sent: 5 }));
        assert_eq!(report::<Report>("{}"), None);
        assert_eq!(report::<Report>(r#"{"Payload":{"worker":1}}"#), None);
    }

    #[test]
    fn functions_that_died_are_counted_by_their_errors() {
        let output = r#"[[{"worker":0},{"worker":1,"error":"Runtime.ExitError: killed"}],[{"worker":40}]]"#;
        let ends: Vec<Vec<WorkerEnd>> = serde_json::from_str(output).unwrap();
        let errors = errors(ends.into_iter().flatten());
        assert_eq!(errors, BTreeMap::from([("Runtime.ExitError: killed".to_owned(), 1)]));
    }
}
