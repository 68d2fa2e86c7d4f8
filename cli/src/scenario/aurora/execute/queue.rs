//! Load by messages: sends them, and waits until each is done or dead-lettered.

use std::cell::Cell;

use anyhow::Result;
use jiff::Timestamp;
use protocol::aurora::{Driver, Tally};

use super::dead_letters::DeadLetters;
use super::{Chargeable, Charges, queue, send, wait, workers};
use crate::exit::Interrupted;
use crate::scenario::aurora::Run;
use crate::scenario::aurora::options::Options;
use crate::scenario::shared::aurora_capacity::Capacities;
use crate::scenario::shared::billing_log::{Invocations, Span};
use crate::scenario::shared::queue::{purge_command, until_empty};

/// A driver's messages, all of them done or given up.
#[derive(Debug)]
pub struct Handled {
    /// The messages' attribute `RUN`.
    pub name: String,
    /// Whose queue it was.
    pub driver: Driver,
    /// Messages that were sent.
    pub sent: u64,
    /// Requests that sent them.
    pub sends: u64,
    /// Those that were given up.
    pub dead_letters: DeadLetters,
    /// What the ledger says.
    pub tally: Tally,
    /// From the first message to the end of the last, ms since 1970.
    pub span_ms: (i64, i64),
    /// What is charged for.
    pub charges: Charges,
    /// What the database's capacity was.
    pub capacities: Capacities,
}

impl Handled {
    /// What the user has kept from being sent, of so many messages.
    fn missing(&self, messages: u64) -> Option<String> {
        let unsent = messages.saturating_sub(self.sent);
        (unsent > 0).then(|| format!("{}: {unsent} of {messages} messages", self.driver))
    }

    pub(super) fn chargeable<'a>(&self, run: &'a Run) -> Result<Chargeable<'a>> {
        let outcomes = || self.tally.actions.iter().map(|one| &one.outcome);
        let attempts: u64 = outcomes().map(|outcome| outcome.workers).sum();
        let invocations = Span {
            function: &workers(run, self.driver)?.queue,
            from_ms: self.span_ms.0,
            to_ms: self.span_ms.1,
            invocations: Invocations::Count(
                attempts.div_ceil(run.deployment().required("batchSize")?)..=u64::MAX,
            ),
        };
        let seconds = outcomes().map(|outcome| outcome.elapsed_seconds(0.0)).fold(0.0, f64::max);
        Ok(Chargeable { invocations, seconds })
    }
}

/// Loads one driver's queue after the other. If the user presses Ctrl-C, the messages that were sent are done, and no other driver
/// starts. Returns what is missing then, too.
///
/// # Errors
/// If AWS fails; [`Interrupted`] if the user stopped it before a message was sent, or aborted it.
pub async fn execute(run: &Run, options: &Options) -> Result<(Vec<Handled>, Vec<String>)> {
    let under_way = Cell::new(None);
    let sent = Cell::new(0);
    let work = async {
        let (mut all, mut missing): (Vec<Handled>, Vec<String>) = Default::default();
        for &driver in options.drivers() {
            if !run.stop.is_requested() {
                sent.set(0);
                under_way.set(Some(driver));
                let loaded = load(run, options, driver, &sent).await;
                if let Some(handled) = run.stop.measured(loaded)? {
                    missing.extend(handled.missing(options.messages()));
                    all.push(handled);
                    continue;
                }
            }
            missing.push(driver.to_string());
        }
        Ok((all, missing))
    };
    let loaded = run.stop.unless_aborted(work, || remaining_work(run, under_way.get(), sent.get())).await?;
    if loaded.0.is_empty() {
        return Err(Interrupted("no message was sent".to_owned()).into());
    }
    Ok(loaded)
}

/// Sends one driver's messages and waits for their end.
async fn load(run: &Run, options: &Options, driver: Driver, sent: &Cell<u64>) -> Result<Handled> {
    let queue = queue(run, driver)?;
    let name = format!("{}-{driver}", run.name);
    let nothing_sent = || "no message was sent".to_owned();
    let limits = run.stop.unless_requested(until_empty(run.context(), &queue.url), nothing_sent).await?;
    run.stop.waits_for("the messages that were sent to be done");
    let start = Timestamp::now().as_millisecond();
    let sends = send::send(run, options, queue, &name, sent).await?;
    let sent = sent.get();
    if sent == 0 {
        return Err(Interrupted(nothing_sent()).into());
    }
    let (mut tally, dead_letters) = wait::until_handled(run, queue, limits, &name, sent, driver).await?;
    // In the order in which the user gave them.
    let actions = options.actions();
    tally.actions.sort_by_key(|one| actions.iter().position(|action| *action == one.action));
    let span_ms = (start, Timestamp::now().as_millisecond());
    let (charges, capacities) = Default::default();
    Ok(Handled { name, driver, sent, sends, dead_letters, tally, span_ms, charges, capacities })
}

/// What an interrupted run leaves behind: SQS cannot take back one run's messages.
fn remaining_work(run: &Run, driver: Option<Driver>, sent: u64) -> String {
    match driver.and_then(|driver| queue(run, driver).ok()).filter(|_| sent > 0) {
        None => "no message was sent".to_owned(),
        Some(queue) => format!(
            "{sent} messages were sent, and those that are in the queue will still be executed; to empty it: {}",
            purge_command(run.deployment(), &queue.url)
        ),
    }
}
