//! Load by messages: sends them, waits until each is done or dead-lettered, and counts what became of them.

mod dead;
mod send;
mod wait;

use std::cell::Cell;

use anyhow::Result;
use jiff::Timestamp;
use protocol::aurora::{Driver, Tally};
use results::scenario::aurora::{Figures, Ledger, QueueAction, QueueRun, Runs};
use tokio::time::Instant;

use super::options::QueuePlan;
use super::outcome::Findings;
use super::price::{Usage, data_api_requests};
use super::{Test, violations};
use crate::exit::Interrupted;
use crate::scenario::shared::aurora_capacity;
use crate::scenario::shared::billing_log::{self, Span};
use crate::scenario::shared::queue::until_empty;
use crate::scenario::shared::series::{Series, Values};
use crate::shutdown::requested;
use dead::DeadLetters;

/// A driver's messages, all handled or given up.
struct Handled {
    run: String,
    driver: Driver,
    requests: u64,
    dead: DeadLetters,
    tally: Tally,
    span_ms: (i64, i64),
}

/// Loads one driver's queue after the other.
pub async fn run(test: &Test, plan: &QueuePlan) -> Result<(Runs, Findings)> {
    let sent = Cell::new(0);
    let driver = Cell::new(None);
    tokio::select! {
        found = find(test, plan, &driver, &sent) => found,
        () = requested() => Err(Interrupted(stays(test, driver.get(), sent.get())).into()),
    }
}

async fn find(
    test: &Test,
    plan: &QueuePlan,
    under_way: &Cell<Option<Driver>>,
    sent: &Cell<u64>,
) -> Result<(Runs, Findings)> {
    let mut all = Vec::new();
    for &driver in &test.plan.drivers {
        sent.set(0);
        under_way.set(Some(driver));
        all.push(load(test, plan, driver, sent).await?);
    }
    evaluate(test, plan, all).await
}

/// Sends one driver's messages and waits for their end.
async fn load(test: &Test, plan: &QueuePlan, driver: Driver, sent: &Cell<u64>) -> Result<Handled> {
    let queue = test.aurora.queue(driver)?;
    let run = format!("{}-{driver}", test.name);
    let limits = until_empty(test.context(), &queue.url).await?;
    let start = Timestamp::now().as_millisecond();
    let requests = send::send(test, plan, queue, &run, sent).await?;
    let (mut tally, dead) = wait::until_handled(test, queue, &limits, &run, plan.messages, driver).await?;
    // In the order in which the user gave them.
    tally.actions.sort_by_key(|one| test.plan.actions.iter().position(|action| *action == one.action));
    Ok(Handled { run, driver, requests, dead, tally, span_ms: (start, Timestamp::now().as_millisecond()) })
}

/// What an interrupted run leaves behind: SQS can't take back one run's messages.
fn stays(test: &Test, driver: Option<Driver>, sent: u64) -> String {
    let queue = driver.and_then(|driver| test.aurora.queue(driver).ok());
    match queue.filter(|_| sent > 0) {
        None => "no message was sent".to_owned(),
        Some(queue) => format!(
            "{sent} messages were sent, and those that are in the queue will still be executed; to empty it: \
             aws sqs purge-queue --queue-url {}",
            queue.url
        ),
    }
}

/// Looks up what the messages cost, and makes runs of them.
async fn evaluate(test: &Test, plan: &QueuePlan, all: Vec<Handled>) -> Result<(Runs, Findings)> {
    let now = Instant::now();
    let mut findings = Findings::default();
    let mut runs = Vec::new();
    for handled in all {
        let actions = actions(test, &handled);
        let usage = usage(test, &handled, &actions, now, &mut findings).await?;
        let run = QueueRun {
            run: handled.run.clone(),
            driver: handled.driver,
            statements: plan.statements,
            batch: test.plan.batch,
            sent: plan.messages,
            done: handled.tally.done,
            dead_lettered: handled.dead.count(&handled.tally.done_sources),
            dead_lettered_done: handled.tally.done_sources.len() as u64,
            reasons: handled.dead.reasons(&handled.tally.done_sources),
            actions,
            ledger: Ledger::of(&handled.tally),
            price: usage.price(),
        };
        findings.violations.extend(violations::in_queue(&run, &handled.tally));
        findings.samples.extend(samples(&run, handled.tally));
        runs.push(run);
    }
    Ok((Runs::Queue(runs), findings))
}

fn actions(test: &Test, handled: &Handled) -> Vec<QueueAction> {
    let told = handled.tally.actions.iter().map(|one| QueueAction {
        action: one.action,
        host: test.plan.host(one.action),
        figures: Figures::of(&one.outcome, 0.0),
    });
    told.collect()
}

async fn usage(
    test: &Test,
    handled: &Handled,
    actions: &[QueueAction],
    now: Instant,
    findings: &mut Findings,
) -> Result<Usage> {
    let (from_ms, to_ms) = handled.span_ms;
    let attempts: u64 = actions.iter().map(|one| one.figures.workers).sum();
    let span = Span {
        function: &test.aurora.workers(handled.driver)?.queue,
        from_ms,
        to_ms,
        invocations: attempts.div_ceil(test.aurora.deployment.required("batchSize")?)..=u64::MAX,
    };
    let seconds = actions.iter().map(|one| one.figures.elapsed_seconds).fold(0.0, f64::max);
    let requests = handled.tally.actions.iter();
    let requests =
        requests.map(|one| data_api_requests(one.action, test.plan.batch_of(one.action), &one.outcome));
    Ok(Usage {
        completions: handled.tally.actions.iter().map(|one| one.outcome.completions).sum(),
        architecture: test.aurora.deployment.architecture.clone(),
        memory_mb: test.aurora.deployment.required("memory")?,
        billed: billing_log::billed(test.context(), &span, now, &mut findings.warnings).await?,
        sends: Some(handled.requests),
        transitions: None,
        data_api_requests: (handled.driver == Driver::DataApi).then(|| requests.sum()),
        acu_hours: aurora_capacity::acu_hours(
            test.context(),
            &test.used(handled.span_ms, seconds),
            now,
            &mut findings.warnings,
        )
        .await?,
    })
}

fn samples(run: &QueueRun, tally: Tally) -> Vec<Series> {
    let named = run.actions.iter().zip(tally.actions).map(|(action, told)| Series {
        name: format!("{} {}", run.driver, action.action),
        failures: told.outcome.failures(),
        values: Values::Histogram(told.outcome.latency),
        per_second: Some(action.figures.tps),
    });
    named.collect()
}
