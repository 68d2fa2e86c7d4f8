//! A load from its first request to its last row, and what it was charged for.

mod billing;
mod dead_letters;
mod load;
mod reconcile;
mod send;
mod tally;
mod wait;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use protocol::stats::{real, whole};

use super::Run;
use super::options::Options;
use crate::scenario::shared::billing_log::Billed;
use crate::shutdown::unless_interrupted;
use load::Counters;
pub use load::request_log::{RequestLog, RequestStatus, Throttled};
pub use load::schedule::Schedule;
pub use load::{GeneratedLoad, TIMEOUT};
pub use wait::Arrived;
#[cfg(test)]
pub use {dead_letters::DeadLetters, reconcile::Reconciliation};

/// What was observed of a load.
pub struct Observation {
    /// What was to be sent.
    pub options: Options,
    /// What the sender knows.
    pub load: GeneratedLoad,
    /// What arrived.
    pub arrived: Arrived,
    /// The functions on the way by their parts, in its order; none where REPORT lines are missing.
    pub functions: Vec<(&'static str, Option<Billed>)>,
    /// Aurora's capacity × time.
    pub acu_hours: Option<f64>,
    /// What went wrong in observing.
    pub warnings: Vec<String>,
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
    arrived: Cell<u64>,
}

/// Loads the pipeline and follows each message, until all have arrived or the user presses Ctrl-C.
///
/// # Errors
/// If AWS fails; [`crate::exit::Interrupted`] if the user ended it.
pub async fn execute(run: &Run, options: &Options) -> Result<Observation> {
    let status = Status::default();
    unless_interrupted(Box::pin(observe(run, options, &status)), || leaves_behind(run, &status)).await
}

async fn observe(run: &Run, options: &Options, status: &Status) -> Result<Observation> {
    let measured_from = options.schedule().measured_from();
    // A database that is paused wakes up, and one that is away is noticed before anything is sent.
    tally::tally(run, measured_from).await.context("the database isn't ready")?;
    let load = send::send(run, options, &status.counters).await?;
    let arrived = wait::until_arrived(run, measured_from, &load.requests, &status.arrived).await?;
    let observation = Observation {
        options: options.clone(),
        load,
        arrived,
        functions: Vec::new(),
        acu_hours: None,
        warnings: Vec::new(),
    };
    billing::look_up(run, observation).await
}

/// What an interrupted run leaves on its way: nobody can call it back.
fn leaves_behind(run: &Run, status: &Status) -> String {
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
         database; to see what is there: eval \"$({})\"",
        run.deployment().pulumi("stack output pipelineResults")
    )
}
