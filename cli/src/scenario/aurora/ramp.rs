//! A ramp: an execution of the state machine for each action and driver, one after the other.

use std::cell::RefCell;

use anyhow::Result;
use protocol::aurora::{Action, Driver, Outcome, Tally};
use protocol::stats::real;
use results::scenario::aurora::knee::Knee;
use results::scenario::aurora::{Figures, Ledger, RampRun, Runs, Stage};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::options::RampPlan;
use super::outcome::Findings;
use super::price::{Usage, data_api_requests};
use super::{Test, clients, violations};
use crate::exit::Interrupted;
use crate::progress::Progress;
use crate::scenario::shared::aurora_capacity;
use crate::scenario::shared::billing_log::{self, Span};
use crate::scenario::shared::series::{Series, Values};
use crate::scenario::shared::state_machine::{Machine, message};
use crate::shutdown::requested;

/// Workers of a stage whose outcomes are merged by a task of their own, as `stacks/aurora.ts` says.
const GROUP: u64 = 20;

/// What an execution returns.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Output {
    stages: Vec<StageOutput>,
    /// None if the ledger couldn't be read.
    tally: Option<Tally>,
    /// Why it couldn't.
    tally_error: Option<String>,
}

impl Output {
    /// The tally, or in the function's own words why there is none.
    fn tally(&self) -> Result<&Tally, String> {
        let why = || {
            let error = self.tally_error.as_deref().unwrap_or("no reason given");
            error.split_once(": ").map_or_else(|| error.to_owned(), |(_, cause)| message(cause))
        };
        self.tally.as_ref().ok_or_else(why)
    }
}

/// A stage of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct StageOutput {
    clients: u64,
    outcome: Outcome,
}

/// An execution that has ended well.
struct Execution {
    name: String,
    driver: Driver,
    action: Action,
    output: Output,
    span_ms: (i64, i64),
    transitions: u64,
}

/// Runs all executions.
pub async fn run(test: &Test, plan: &RampPlan) -> Result<(Runs, Findings)> {
    let machine = Machine::new(&test.config, &test.aurora.deployment, &test.aurora.state_machine);
    machine.refuse_other().await?;
    let running = RefCell::new(None);
    let found = tokio::select! {
        found = find(test, plan, &machine, &running) => found,
        () = requested() => Err(Interrupted(format!(
            "the execution is stopped; workers that had begun end by themselves after their {} s",
            plan.seconds
        )).into()),
    };
    let under_way = running.take();
    if let (Err(_), Some(execution)) = (&found, under_way) {
        eprintln!("stopping the execution …");
        machine.stop(&execution).await?;
    }
    found
}

async fn find(
    test: &Test,
    plan: &RampPlan,
    machine: &Machine<'_>,
    running: &RefCell<Option<String>>,
) -> Result<(Runs, Findings)> {
    let stages = plan.stages();
    let pairs = test
        .plan
        .actions
        .iter()
        .flat_map(|action| test.plan.drivers.iter().map(move |driver| (*action, *driver)));
    let pairs: Vec<(Action, Driver)> = pairs.collect();
    let mut progress = Progress::new(test.progress, (stages.len() * pairs.len()) as u64);
    let mut executions = Vec::new();
    for (index, (action, driver)) in pairs.into_iter().enumerate() {
        let name = format!("{}-{driver}-{}", test.name, action.to_string().to_lowercase());
        running.replace(Some(machine.execution(&name)));
        let arn = machine.start(&name, &input(test, plan, &name, action, driver)).await?;
        let ended = machine.follow(&arn, |events| {
            let stage = stage_under_way(&stages, events.scheduled);
            let message = format!("stages; {driver} {action}, {}", clients(stages[stage]));
            progress.set((index * stages.len() + stage) as u64, &message);
        });
        let ended = ended.await?;
        running.replace(None);
        let output = ended.output(&format!("the ramp of {action} by {driver}"), |_| None)?;
        let transitions = machine.events(&arn).await?.transitions();
        executions.push(Execution { name, driver, action, output, span_ms: ended.span_ms(), transitions });
    }
    progress.end();
    evaluate(test, plan, executions).await
}

/// The state machine's input for one run.
fn input(test: &Test, plan: &RampPlan, name: &str, action: Action, driver: Driver) -> serde_json::Value {
    json!({
        "run": name, "action": action, "driver": driver,
        "host": test.plan.host(action), "batch": test.plan.batch_of(action), "rate": plan.rate,
        "from": plan.from, "to": plan.to, "step": plan.step, "seconds": plan.seconds,
    })
}

/// Which stage is under way when so many tasks have been scheduled: each worker is one, and each merge.
fn stage_under_way(stages: &[u64], scheduled: u64) -> usize {
    let mut left = scheduled;
    for (index, clients) in stages.iter().enumerate() {
        let tasks = clients + clients.div_ceil(GROUP) + 1;
        if left <= tasks {
            return index;
        }
        left -= tasks;
    }
    stages.len() - 1
}

/// Looks up what the executions cost, and makes runs of them.
async fn evaluate(test: &Test, plan: &RampPlan, executions: Vec<Execution>) -> Result<(Runs, Findings)> {
    let now = Instant::now();
    let mut findings = Findings::default();
    let mut runs = Vec::new();
    for execution in executions {
        let stages: Vec<Stage> = execution.output.stages.iter().map(|stage| measured(plan, stage)).collect();
        let usage = usage(test, &execution, &stages, now, &mut findings).await?;
        let run = RampRun {
            run: execution.name.clone(),
            driver: execution.driver,
            action: execution.action,
            host: test.plan.host(execution.action),
            batch: test.plan.batch_of(execution.action),
            seconds: plan.seconds,
            knee: Knee::of(&stages),
            stages,
            ledger: execution.output.tally.as_ref().map(Ledger::of),
            price: usage.price(),
        };
        findings.violations.extend(violations::in_ramp(&run, execution.output.tally()));
        findings.samples.extend(samples(&run, execution.output.stages));
        runs.push(run);
    }
    Ok((Runs::Ramp(runs), findings))
}

async fn usage(
    test: &Test,
    execution: &Execution,
    stages: &[Stage],
    now: Instant,
    findings: &mut Findings,
) -> Result<Usage> {
    let (from_ms, to_ms) = execution.span_ms;
    let reported: u64 = stages.iter().map(|stage| stage.figures.workers).sum();
    let span = Span {
        function: &test.aurora.workers(execution.driver)?.ramp,
        from_ms,
        to_ms,
        invocations: reported..=stages.iter().map(|stage| stage.clients).sum(),
    };
    let seconds: f64 = stages.iter().map(|stage| stage.figures.elapsed_seconds).sum();
    let batch = test.plan.batch_of(execution.action);
    let outcomes = execution.output.stages.iter().map(|stage| &stage.outcome);
    let requests = outcomes.map(|outcome| data_api_requests(execution.action, batch, outcome));
    Ok(Usage {
        completions: stages.iter().map(|stage| stage.figures.completions).sum(),
        architecture: test.aurora.deployment.architecture.clone(),
        memory_mb: test.aurora.deployment.required("memory")?,
        billed: billing_log::billed(test.context(), &span, now, &mut findings.warnings).await?,
        sends: None,
        transitions: Some(execution.transitions),
        data_api_requests: (execution.driver == Driver::DataApi).then(|| requests.sum()),
        acu_hours: aurora_capacity::acu_hours(
            test.context(),
            &test.used(execution.span_ms, seconds),
            now,
            &mut findings.warnings,
        )
        .await?,
    })
}

fn measured(plan: &RampPlan, stage: &StageOutput) -> Stage {
    Stage {
        clients: stage.clients,
        offered_tps: (plan.rate > 0).then(|| real(plan.rate)),
        figures: Figures::of(&stage.outcome, real(plan.seconds)),
    }
}

fn samples(run: &RampRun, outputs: Vec<StageOutput>) -> Vec<Series> {
    let named = run.stages.iter().zip(outputs).map(|(stage, output)| Series {
        name: format!("{} {}, {}", run.driver, run.action, clients(stage.clients)),
        failures: output.outcome.failures(),
        values: Values::Histogram(output.outcome.latency),
        per_second: Some(stage.figures.tps),
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_knows_the_stage_by_the_tasks_that_were_scheduled() {
        let stages = [1, 3, 50];
        // 1 worker and 2 merges; 3 workers and 2 merges; 50 workers and 4 merges.
        for (scheduled, stage) in [(0, 0), (1, 0), (3, 0), (4, 1), (8, 1), (9, 2), (58, 2), (61, 2), (62, 2)]
        {
            assert_eq!(stage_under_way(&stages, scheduled), stage, "{scheduled} tasks");
        }
    }

    #[test]
    fn an_executions_output_is_read_as_the_state_machine_writes_it() {
        let output: Output = serde_json::from_str(include_str!("fixtures/ramp-output.json")).unwrap();
        assert_eq!(output.stages.len(), 2);
        assert_eq!((output.stages[1].clients, output.stages[1].outcome.lost), (3, 1));
        assert_eq!(output.stages[0].outcome.latency.count(), 2);
        assert_eq!(output.tally.unwrap().actions[0].rows, Some(5));
    }

    #[test]
    fn an_execution_whose_ledger_cannot_be_read_still_tells_what_its_workers_say() {
        let cause = json!({ "errorType": "DbError", "errorMessage": "28P01: no entry" });
        let output = json!({ "stages": [], "tally_error": format!("DbError: {cause}") });
        let output: Output = serde_json::from_value(output).unwrap();
        assert_eq!(output.tally(), Err("28P01: no entry".to_owned()));
    }
}
