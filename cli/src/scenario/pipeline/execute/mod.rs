//! A load from its first request to its last row, and what it was charged for.

mod billing;
mod dead_letters;
mod reconcile;
mod send;
mod tally;
mod wait;
mod workers;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use protocol::pipeline::TallyRequest;
use protocol::stats::{real, whole};

use super::Run;
use super::options::Options;
use crate::exit::{Interrupted, Usage};
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::load_generator;
use load::Counters;
pub use load::{
    Event, GeneratedLoad, RequestLog, RequestStatus, Schedule, Stage, StageLog, TIMEOUT, Throttled,
};
pub use wait::Arrived;
pub use workers::{LoadWorkers, generator};
#[cfg(test)]
pub use {dead_letters::DeadLetters, reconcile::Reconciliation};

/// Messages of which each second one may have been refused: a range of two for each is what pipeline-tally's answer holds
/// (`functions/pipeline/src/sum.rs`).
const MOST_WHERE_REFUSED: u64 = 300_000;

/// What a run waits for that has sent what it sends.
const FOLLOWED: &str = "the messages that were sent to become rows";

/// What was observed of a load.
pub struct Observation {
    /// What was asked for.
    pub options: Options,
    /// What was due of it: less, where the user has stopped the load.
    pub schedule: Schedule,
    /// What the sender knows.
    pub load: GeneratedLoad,
    /// The functions that sent it; none if this machine did.
    pub workers: Option<LoadWorkers>,
    /// What arrived.
    pub arrived: Arrived,
    /// The functions on the way by their parts, in its order; none where REPORT lines are missing.
    pub functions: Vec<(&'static str, Option<Billed>)>,
    /// Aurora's capacity × time.
    pub acu_hours: Option<f64>,
    /// What went wrong in observing.
    pub warnings: Vec<String>,
    /// What the user has kept from being sent, in words.
    pub missing: Vec<String>,
}

impl Observation {
    /// From the first request to the last row or answer, s.
    pub fn seconds(&self) -> f64 {
        let answers = self.load.start_us + micros(self.load.requests.last_answer);
        let end = self.arrived.tally.last_stored_us.unwrap_or_default().max(answers);
        real(end.saturating_sub(self.load.start_us)) / 1e6
    }

    /// The same, from and to ms since 1970.
    fn span_ms(&self) -> (i64, i64) {
        let start = self.load.start_us / 1000;
        let end = start + whole(self.seconds() * 1000.0) + 1;
        (i64::try_from(start).unwrap_or_default(), i64::try_from(end).unwrap_or(i64::MAX))
    }
}

/// A time, µs.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// How far a run is, for whoever interrupts it.
#[derive(Default)]
struct Status {
    counters: RefCell<Option<Arc<Counters>>>,
    /// The execution whose functions send the load.
    execution: RefCell<Option<String>>,
    arrived: Cell<u64>,
}

/// Loads the pipeline and follows each message, until all have arrived. If the user presses Ctrl-C, the load ends there, and what
/// was sent is followed.
///
/// # Errors
/// If AWS fails; [`Interrupted`] if the user stopped it before anything was measured, or aborted it.
pub async fn execute(run: &Run, options: &Options) -> Result<Observation> {
    let observation = Box::pin(follow(run, options)).await?;
    run.stop.waits_for("the REPORT lines of what was sent");
    Box::pin(charged(run, observation)).await
}

/// The same without what it was charged for.
///
/// # Errors
/// As [`execute`].
pub async fn follow(run: &Run, options: &Options) -> Result<Observation> {
    let status = Status::default();
    let observed = Box::pin(observe(run, options, &status));
    let observed = run.stop.unless_aborted(observed, || leaves_behind(run, &status)).await;
    if observed.is_err() {
        load_generator::stop(run.context(), &status.execution).await;
    }
    observed
}

/// With what it was charged for.
///
/// # Errors
/// If AWS fails; [`Interrupted`] if the user aborted it.
pub async fn charged(run: &Run, observation: Observation) -> Result<Observation> {
    let leaves = || "the messages that were sent were followed to their end".to_owned();
    run.stop.unless_aborted(billing::look_up(run, observation), leaves).await
}

/// Refuses a load of which nobody could tell what became of it.
///
/// # Errors
/// [`Usage`].
pub fn refuse_unknowable(run: &Run, options: &Options) -> Result<()> {
    let (total, allowed) = (options.schedule().total(), run.deployment().setting("apiRate"));
    let rate = options.highest_rate();
    match allowed {
        Some(allowed) if rate > allowed && total > MOST_WHERE_REFUSED => Err(Usage(format!(
            "{rate} requests per second are more than the {allowed} that the API takes (setting apiRate), and of {total} messages \
             nobody could tell which it refused: raise apiRate, lower the rate, or shorten the time"
        ))
        .into()),
        _ => Ok(()),
    }
}

async fn observe(run: &Run, options: &Options, status: &Status) -> Result<Observation> {
    let schedule = options.schedule();
    let wanted = tally::wanted(&schedule);
    refuse_unknowable(run, options)?;
    // A database that is paused wakes up, and one that is away is noticed before anything is sent.
    let woken = async { tally::tally(run, &wanted).await.context("the database isn't ready") };
    let spinner = run.context().waiting("asking whether the database is ready");
    run.stop.unless_requested(woken, || "no message was sent".to_owned()).await?;
    drop(spinner);
    let (load, workers) = if options.workers().is_some() {
        let (load, workers) = workers::send(run, options, status).await?;
        (load, Some(workers))
    } else {
        run.stop.waits_for(FOLLOWED);
        (send::send(run, options, &status.counters).await?, None)
    };
    run.stop.waits_for(FOLLOWED);
    // From here on, there are seconds to count rows by.
    let wanted = TallyRequest { start_us: Some(load.start_us), ..wanted };
    if load.requests.sent() == 0 && run.stop.is_requested() {
        return Err(Interrupted("no message was sent".to_owned()).into());
    }
    let (schedule, missing) = shortened(&schedule, load.requests.statuses.len() as u64);
    let arrived = wait::until_arrived(run, &wanted, &load.requests, &status.arrived).await?;
    let Some(schedule) = schedule else {
        let sent = load.requests.sent();
        return Err(Interrupted(format!(
            "the {sent} messages that were sent are part of the ramp, which isn't measured"
        ))
        .into());
    };
    Ok(Observation {
        options: options.clone(),
        schedule,
        load,
        workers,
        missing,
        arrived,
        functions: Vec::new(),
        acu_hours: None,
        warnings: Vec::new(),
    })
}

/// What was due of a load of which only the first requests were, and what it lacks; nothing if these are all of the ramp.
fn shortened(schedule: &Schedule, due: u64) -> (Option<Schedule>, Vec<String>) {
    let total = schedule.total();
    if due >= total {
        return (Some(schedule.clone()), Vec::new());
    }
    let shorter = schedule.until(due);
    let missing = format!(
        "{} of {total} requests: the load was stopped after {:.1} of its {} s",
        total - due,
        shorter.as_ref().map_or(0.0, |shorter| shorter.duration().as_secs_f64()),
        schedule.duration().as_secs_f64()
    );
    (shorter, vec![missing])
}

/// What an interrupted run leaves on its way: nobody can call it back.
fn leaves_behind(run: &Run, status: &Status) -> String {
    let results = run.deployment().pulumi("stack output pipelineResults");
    if status.execution.borrow().is_some() {
        return format!(
            "functions that have started send their part of the load all the same, and the messages become rows; to see what \
             is there: eval \"$({results})\""
        );
    }
    let [sent, accepted] = status
        .counters
        .borrow()
        .as_deref()
        .map_or([0; 2], |counters| [&counters.sent, &counters.accepted].map(|count| count.load(Relaxed)));
    if sent == 0 {
        return "no message was sent".to_owned();
    }
    let left = accepted.saturating_sub(status.arrived.get());
    format!(
        "{sent} messages were sent and {accepted} of them accepted; {left} may still be on their way to the \
         database; to see what is there: eval \"$({results})\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::pipeline::options::Spacing;
    use crate::scenario::pipeline::testing::{options, run};

    #[test]
    fn an_aborted_run_doesnt_say_that_nothing_was_sent_while_functions_send() {
        let status = Status::default();
        assert_eq!(leaves_behind(&run(), &status), "no message was sent");
        status.execution.replace(Some("arn".to_owned()));
        assert!(leaves_behind(&run(), &status).starts_with("functions that have started send their part"));
    }

    #[test]
    fn a_load_that_was_stopped_lasted_only_until_then() {
        // 1,000 requests in the ramp, 12,000 in the minute behind it.
        let whole = options().schedule();
        let (shorter, missing) = shortened(&whole, 1000 + 2400);
        let shorter = shorter.unwrap();
        assert_eq!((shorter.duration(), shorter.total()), (Duration::from_secs(12), 3400));
        assert_eq!(missing, ["9600 of 13000 requests: the load was stopped after 12.0 of its 60 s"]);
        assert_eq!(shortened(&whole, 13_000), (Some(whole.clone()), vec![]));
        assert_eq!(shortened(&whole, 999).0, None, "the ramp isn't measured");
        let poisson = Options { arrivals: Spacing::Poisson, ..options() }.schedule();
        let shorter = shortened(&poisson, 3000).0.unwrap();
        // Times are in whole ns.
        assert!(shorter.total().abs_diff(3000) <= 1, "as many as were due until then");
    }
}
