//! A load, from its first message or execution to its end, and what that was charged for.

mod dead_letters;
pub mod queue;
pub mod ramp;
mod send;
mod stopped;
mod tally;
mod wait;

use anyhow::{Context, Result};
use protocol::aurora::{Driver, Workers};
use protocol::deployment::Queue;
use serde_json::Value;
use tokio::time::Instant;

use super::Run;
use super::options::{Mode, Options};
use crate::scenario::shared::aurora_capacity::{Capacities, capacities};
use crate::scenario::shared::billing_log::{self, Billed, Span};

/// What was observed.
#[derive(Debug)]
pub struct Observation {
    /// The runs, by how their load came about.
    pub runs: Runs,
    /// What went wrong in observing.
    pub warnings: Vec<String>,
    /// What the user has kept from being run, in words.
    pub missing: Vec<String>,
}

/// The runs of a load, by how it came about.
#[derive(Debug)]
pub enum Runs {
    /// Executions of the state machine, one for each action and driver.
    Ramp(Vec<ramp::Execution>),
    /// Messages, to one driver's queue after the other.
    Queue(Vec<queue::Handled>),
}

/// What AWS charges for a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Charges {
    /// The workers' invocations; none if they are unknown.
    pub billed: Option<Billed>,
    /// Aurora's capacity × time; none if that was not measured.
    pub acu_hours: Option<f64>,
}

/// Puts the load on the database. If the user presses Ctrl-C, the stages that had ended count, and the drivers whose messages had
/// been sent.
///
/// # Errors
/// If AWS fails; [`crate::exit::Interrupted`] if the user stopped it before anything was measured, or aborted it.
pub async fn execute(run: &Run, options: &Options) -> Result<Observation> {
    let warnings = Vec::new();
    if may_be_paused(run) {
        let _spinner = run.context().waiting("waiting for the database to wake up");
        let woken =
            async { tally::tally(run, &run.name, Vec::new()).await.context("the database isn't ready") };
        run.stop.unless_requested(woken, || "there was no load yet".to_owned()).await?;
    }
    let (runs, missing) = match options.mode {
        Mode::Ramp => {
            let (executions, missing) = ramp::execute(run, options).await?;
            (Runs::Ramp(executions), missing)
        }
        Mode::Queue => {
            let (all, missing) = queue::execute(run, options).await?;
            (Runs::Queue(all), missing)
        }
    };
    let mut observation = Observation { runs, warnings, missing };
    run.stop.waits_for("what is charged for to be known");
    let charged = charge(run, options, &mut observation);
    run.stop.unless_aborted(charged, || "the load is over".to_owned()).await?;
    Ok(observation)
}

/// Looks up what is charged for.
async fn charge(run: &Run, options: &Options, observation: &mut Observation) -> Result<()> {
    let (now, warnings) = (Instant::now(), &mut observation.warnings);
    match &mut observation.runs {
        Runs::Ramp(executions) => {
            // What a stage that was stopped is charged for cannot be told from what those before it are.
            for execution in executions.iter_mut().filter(|execution| !execution.is_stopped) {
                (execution.charges, execution.capacities) =
                    charges(run, &execution.chargeable(run, options)?, now, warnings).await?;
            }
        }
        Runs::Queue(all) => {
            for handled in all {
                (handled.charges, handled.capacities) =
                    charges(run, &handled.chargeable(run)?, now, warnings).await?;
            }
        }
    }
    Ok(())
}

/// What is charged for.
struct Chargeable<'a> {
    /// The workers' invocations.
    invocations: Span<'a>,
    /// How long the database was loaded.
    seconds: f64,
}

/// Whether the database may sleep until somebody connects, which takes it some 15 s
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html>).
fn may_be_paused(run: &Run) -> bool {
    run.deployment().settings.get("minCapacity").and_then(Value::as_f64) == Some(0.0)
}

async fn charges(
    run: &Run,
    Chargeable { invocations, seconds }: &Chargeable<'_>,
    now: Instant,
    warnings: &mut Vec<String>,
) -> Result<(Charges, Capacities)> {
    let (context, cluster) = (run.context(), &run.deployed.cluster.identifier);
    let instances = 1 + run.deployment().setting("readers").unwrap_or(0);
    let span_ms = (invocations.from_ms, invocations.to_ms);
    let billed = billing_log::billed(context, invocations, now, warnings).await?;
    let capacities = capacities(context, cluster, span_ms, now, warnings).await?;
    Ok((Charges { billed, acu_hours: capacities.acu_hours(instances, *seconds) }, capacities))
}

/// A driver's queue.
fn queue(run: &Run, driver: Driver) -> Result<&Queue> {
    run.deployed.queues.get(&driver).with_context(|| lacks_workers(run, driver))
}

/// A driver's functions.
fn workers(run: &Run, driver: Driver) -> Result<&Workers> {
    run.deployed.workers.get(&driver).with_context(|| lacks_workers(run, driver))
}

fn lacks_workers(run: &Run, driver: Driver) -> String {
    format!("the stack has no workers for {driver}: deploy it again with: {}", run.deployment().pulumi("up"))
}
