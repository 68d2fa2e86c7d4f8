//! Functions that send a load together: an execution of the state machine that starts them, and what they report.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use aws_sdk_sfn::Client;
use protocol::deployment::Deployment;
use protocol::load_generator::{Input, LoadGenerator, Span};
use protocol::stats::real;
use results::cost::Usage;
use results::price_list::PriceList;
use results::prices::STATE_TRANSITION;
use results::scenario::Senders;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::billing_log::{self, Billed, Invocations};
use super::cost::lambda;
use super::limits::{Limit, history_events, nested_map_iterations, state_transitions};
use super::run::Run;
use super::run_context::RunContext;
use super::state_machine::{self, Events, Machine};
use super::tables::{count, ms, none, per_second};
use crate::output;
use crate::progress::Progress;

/// Between the start of an execution and that of its load, ms: functions have to start and connect.
const START_DELAY_MS: u64 = 5000;
/// The same for each function besides, ms: Lambda makes 1,000 environments of a function in 10 s (Lambda quotas), and
/// Step Functions limits the rate of its transitions, of which each function takes some.
const START_DELAY_OF_WORKER_MS: u64 = 20;

/// What helps where too many functions send.
pub const FEWER_WORKERS: &str = "lower --workers";

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

/// Who sends a load, in which execution.
#[derive(Clone, Copy)]
pub struct Execution<'a> {
    /// What starts the functions.
    pub generator: &'a LoadGenerator,
    /// The execution's name.
    pub name: &'a str,
    /// The command that prints what the functions logged.
    pub logs: &'a str,
    /// Has the execution's ARN while it is under way, for [`stop`].
    pub under_way: &'a RefCell<Option<String>>,
}

/// Has functions send a load to its end; each is told the load and its own number.
///
/// # Errors
/// If another one is under way, AWS fails, or none of the functions has reported.
pub async fn send<Load: Serialize, Report: DeserializeOwned>(
    context: RunContext<'_>,
    Execution { generator, name, logs, under_way }: Execution<'_>,
    input: &Input<Load>,
) -> Result<Reports<Report>> {
    let machine = Machine::new(context.config, context.deployment, &generator.state_machine);
    machine.refuse_other().await?;
    under_way.replace(Some(machine.execution(name)));
    let arn = machine.start(name, &json!(input)).await?;
    let mut progress = Progress::new(context.progress, input.workers);
    let reported = |events: &Events| events.ended.saturating_sub(events.throttled);
    let message = "functions have sent their part of the load";
    progress.set(0, message);
    let ended = machine.follow(&arn, |events| progress.set(reported(events), message)).await?;
    under_way.replace(None);
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

/// Stops the execution under way of a run that has failed, if there is one: no further function starts.
pub async fn stop(context: RunContext<'_>, under_way: &RefCell<Option<String>>) {
    let Some(execution) = under_way.take() else { return };
    output::print_error("stopping the execution …");
    let stopped = state_machine::stop(&Client::new(context.config), context.deployment, &execution).await;
    if let Err(error) = stopped {
        output::print_error(format_args!("the execution may go on: {error:#}"));
    }
}

impl Generation {
    /// How the functions did that sent messages, by when each of them did, and how many are not known to have been sent.
    pub fn senders(&self, spans: &[Span], unsent: u64) -> Senders {
        let all = Span::of_all(spans.iter().copied()).unwrap_or_default();
        Senders {
            count: self.workers,
            lost: self.workers - self.reported,
            late: spans.iter().filter(|span| span.late_us > 0).count() as u64,
            latest_ms: real(all.late_us) / 1e3,
            unsent,
            seconds: real(all.end_us.saturating_sub(all.start_us)) / 1e6,
        }
    }

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
        let span = billing_log::Span { function, from_ms, to_ms, invocations };
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

/// How functions sent so many messages, in a line.
pub fn sent_line(senders: &Senders, sent: u64, what: &str) -> String {
    let rate = if senders.seconds > 0.0 { per_second(real(sent) / senders.seconds) } else { none() };
    format!(
        "{} sent {} in {:.2} s, {rate} per second",
        count(senders.count, "function"),
        count(sent, what),
        senders.seconds
    )
}

/// What makes a load another one than was asked for; none if all of it was sent.
pub fn failed_check(senders: &Senders, what: &str) -> Option<String> {
    let Senders { count: all, lost, unsent, .. } = *senders;
    if lost == 0 && unsent == 0 {
        return None;
    }
    let died = match lost {
        0 => String::new(),
        lost => format!("; {lost} of {} ended without a report", count(all, "function")),
    };
    Some(format!("{} not known to have been sent{died}", count(unsent, what)))
}

/// Where functions weren't ready when the others started.
pub fn late(senders: &Senders) -> Option<String> {
    (senders.late > 0).then(|| {
        format!(
            "{} of {} that send weren't ready when the others started, the last one {} ms later: run it again now that they are \
             warm, or check the account's limit on concurrent executions",
            senders.late,
            count(senders.count, "function"),
            ms(senders.latest_ms)
        )
    })
}

/// The state transitions of an execution that starts so many functions.
pub fn transitions(generator: &LoadGenerator, workers: u64) -> u64 {
    3 + workers.div_ceil(generator.group_size) + 2 * workers
}

/// What the execution that starts so many functions needs of what Step Functions allows.
pub fn limits<D: AsRef<Deployment>>(run: &Run<D>, generator: &LoadGenerator, workers: u64) -> Vec<Limit> {
    let groups = workers.div_ceil(generator.group_size);
    // With two throttled attempts each.
    let events = 50 + 15 * workers + 6 * groups;
    let transitions = real(2 + groups + workers) * 1e3 / real(start_delay_ms(workers));
    vec![
        state_transitions(run, transitions, FEWER_WORKERS),
        history_events(events, FEWER_WORKERS),
        nested_map_iterations(workers, FEWER_WORKERS),
    ]
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
        #[derive(Debug, PartialEq, Deserialize)]
        struct Report {
            worker: u64,
            sent: u64,
        }

        let output = json!({ "StatusCode": 200, "Payload": { "worker": 3, "sent": 5 } }).to_string();
        assert_eq!(report(&output), Some(Report { worker: 3, sent: 5 }));
        assert_eq!(report::<Report>("{}"), None);
        assert_eq!(report::<Report>(r#"{"Payload":{"worker":1}}"#), None);
    }

    #[test]
    fn functions_that_send_are_told_by_what_they_did_together() {
        let span = |late_us, end_us| Span { start_us: 1_000_000, late_us, end_us };
        let generation = Generation { workers: 3, reported: 2, ..Generation::default() };
        let senders = generation.senders(&[span(0, 1_500_000), span(41_500, 3_000_000)], 12);
        let expected = Senders { count: 3, lost: 1, late: 1, latest_ms: 41.5, unsent: 12, seconds: 2.0 };
        assert_eq!(senders, expected);
        assert_eq!(
            sent_line(&senders, 5000, "object"),
            "3 functions sent 5000 objects in 2.00 s, 2500 per second"
        );
        assert_eq!(
            failed_check(&senders, "object").unwrap(),
            "12 objects not known to have been sent; 1 of 3 functions ended without a report"
        );
        assert!(late(&senders).unwrap().starts_with("1 of 3 functions that send weren't ready"));
        let all = Senders { lost: 0, late: 0, unsent: 0, ..senders };
        assert_eq!((failed_check(&all, "object"), late(&all)), (None, None));
    }

    #[test]
    fn functions_that_died_are_counted_by_their_errors() {
        let output = r#"[[{"worker":0},{"worker":1,"error":"Runtime.ExitError: killed"}],[{"worker":40}]]"#;
        let ends: Vec<Vec<WorkerEnd>> = serde_json::from_str(output).unwrap();
        let errors = errors(ends.into_iter().flatten());
        assert_eq!(errors, BTreeMap::from([("Runtime.ExitError: killed".to_owned(), 1)]));
    }
}
