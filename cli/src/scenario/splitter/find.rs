//! The event at one concurrency after the other, from sending it to its last item, and what that was charged for.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::Timestamp;
use results::scenario::splitter::{Reply, Road};
use tokio::time::{Instant, sleep_until};

use super::Test;
use super::dead::DeadLetters;
use super::event::DETAIL_TYPE;
use super::log::{Entry, RunLog};
use super::mapping::Mapping;
use super::one_by_one::hand_over;
use super::wait::{Handled, until_handled};
use crate::aws::failed;
use crate::exit::Interrupted;
use crate::scenario::shared::billing_log::{self, Billed, Span};
use crate::scenario::shared::invoke::invoke;
use crate::scenario::shared::queue::{Limits, until_empty};
use crate::shutdown::requested;

/// Between the end of a run and the begin of the next, so that their REPORT lines can be told apart.
const APART: Duration = Duration::from_secs(3);

/// What was found out.
#[derive(Debug, Default)]
pub struct Findings {
    /// At each concurrency.
    pub runs: Vec<Found>,
    /// What went wrong in finding out.
    pub warnings: Vec<String>,
}

/// What was found out at one concurrency.
#[derive(Debug)]
pub struct Found {
    /// The run's name in the log.
    pub run: String,
    /// Invocations at once that the queue was allowed.
    pub concurrency: u64,
    /// How the function came to its work.
    pub road: Road,
    /// What it answered, where it was called.
    pub reply: Option<Reply>,
    /// How many items there were.
    pub items: u64,
    /// When the event was sent, by this machine's clock, µs since 1970.
    pub sent_us: u64,
    /// When all was seen to be handled, by this machine's clock, µs since 1970.
    pub seen_us: u64,
    /// What became of the items.
    pub handled: Handled,
    /// The function's invocations; none if their REPORT lines are missing.
    pub billed: Option<Billed>,
}

impl Found {
    /// Attempts at splitting the event, as the log has them.
    pub fn split_attempts(&self) -> u64 {
        self.handled.log.split.map_or(0, |split| split.attempts)
    }

    /// Attempts at items, as the log has them.
    pub fn item_attempts(&self) -> u64 {
        self.handled.log.items.values().map(|entry: &Entry| entry.attempts).sum()
    }

    /// The fewest invocations that can have been.
    fn least_invocations(&self, batch_size: u64) -> u64 {
        let batch_size = if self.road == Road::OneByOne { 1 } else { batch_size };
        let least = self.split_attempts() + self.item_attempts().div_ceil(batch_size);
        least.max(u64::from(self.reply.is_some()))
    }
}

/// Runs the event at each concurrency, and gives the queue back its own, also if the user presses Ctrl-C.
pub async fn run(test: &Test) -> Result<Findings> {
    let needs_queue = test.concurrencies.iter().any(|concurrency| *concurrency > 1);
    let mapping = if needs_queue { Some(Mapping::find(test).await?) } else { None };
    let under_way = Cell::new(None);
    let found = tokio::select! {
        found = sweep(test, mapping.as_ref(), &under_way) => found,
        () = requested() => Err(Interrupted(goes_on(test, under_way.get())).into()),
    };
    if let Some(mapping) = mapping {
        match (mapping.restore().await, &found) {
            (Ok(true), Err(_)) => eprintln!("the queue's concurrency is again what the stack says"),
            (Ok(_), _) => {}
            (Err(error), Ok(_)) => return Err(error),
            (Err(error), Err(_)) => eprintln!("warning: {error:#}"),
        }
    }
    charge(test, found?).await
}

/// What an interrupted run leaves on its way.
fn goes_on(test: &Test, under_way: Option<usize>) -> String {
    under_way.map_or_else(
        || "no event was sent".to_owned(),
        |index| {
            format!(
                "the event of run {} was sent, and the items that are in the queue will still be done; to see them: eval \
                 \"$(pulumi stack output splitterResults {})\"",
                test.run(index),
                test.splitter.deployment.stack_option()
            )
        },
    )
}

async fn sweep(
    test: &Test,
    mapping: Option<&Mapping<'_>>,
    under_way: &Cell<Option<usize>>,
) -> Result<Vec<Found>> {
    let mut runs = Vec::new();
    for (index, &concurrency) in test.concurrencies.iter().enumerate() {
        let apart = Instant::now() + APART;
        let limits = until_empty(test.context(), &test.splitter.queue.url).await?;
        if let Some(mapping) = mapping.filter(|_| concurrency > 1) {
            mapping.set(concurrency).await?;
        }
        if index > 0 {
            sleep_until(apart).await;
        }
        under_way.set(Some(index));
        runs.push(one(test, index, limits).await?);
        under_way.set(None);
    }
    Ok(runs)
}

/// The event at one concurrency.
async fn one(test: &Test, index: usize, limits: Limits) -> Result<Found> {
    let (run, concurrency) = (test.run(index), test.concurrencies[index]);
    let mut found = Found {
        run: run.clone(),
        concurrency,
        road: Road::EventBus,
        reply: None,
        items: test.event.items(),
        sent_us: now_us(),
        seen_us: 0,
        handled: Handled::default(),
        billed: None,
    };
    if concurrency == 1 {
        found.road = Road::OneByOne;
        let dead = DeadLetters::of(hand_over(test, &run, limits.receives).await?);
        found.handled = Handled { log: RunLog::read(test, &run).await?, dead };
    } else {
        if test.event.file.is_some() {
            found.road = Road::Call;
            let reply = call(test, &run).await?;
            found.items = reply.count;
            found.reply = Some(reply);
        } else {
            put(test, &run).await?;
        }
        found.handled = until_handled(test, &run, found.items, concurrency, limits).await?;
    }
    found.seen_us = now_us();
    Ok(found)
}

/// Puts the event to the bus.
async fn put(test: &Test, run: &str) -> Result<()> {
    let splitter = &test.splitter;
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&splitter.event_bus)
        .source(&splitter.source)
        .resources(&splitter.function_arn)
        .detail_type(DETAIL_TYPE)
        .detail(test.event.in_run(run)["detail"].to_string());
    let answer = aws_sdk_eventbridge::Client::new(&test.config)
        .put_events()
        .entries(entry.build())
        .send()
        .await
        .map_err(|error| failed("PutEvents", &splitter.deployment)(&error))?;
    if let Some(code) = answer.entries().iter().find_map(|entry| entry.error_code()) {
        let said = answer.entries().iter().find_map(|entry| entry.error_message()).unwrap_or_default();
        bail!("EventBridge has refused the event: {code}: {said}");
    }
    Ok(())
}

/// Calls the function with the event.
async fn call(test: &Test, run: &str) -> Result<Reply> {
    let splitter = &test.splitter;
    let event = test.event.in_run(run);
    invoke(&test.config, &splitter.deployment, &splitter.function, &event)
        .await
        .context("the function could not handle the event")
}

/// Looks up what Lambda charges for.
async fn charge(test: &Test, mut runs: Vec<Found>) -> Result<Findings> {
    let mut warnings = Vec::new();
    let now = Instant::now();
    for found in &mut runs {
        let end_us = found.handled.log.last_end_us().unwrap_or_default().max(found.seen_us);
        let span = Span {
            function: &test.splitter.function,
            from_ms: i64::try_from(found.sent_us / 1000)?,
            to_ms: i64::try_from(end_us / 1000)?,
            invocations: found.least_invocations(test.batch_size())..=u64::MAX,
        };
        found.billed = billing_log::billed(test.context(), &span, now, &mut warnings).await?;
    }
    Ok(Findings { runs, warnings })
}

/// By this machine's clock, µs since 1970.
fn now_us() -> u64 {
    u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default()
}
