//! What memory buys: a scenario's run with one memory size after the other, as one result.

mod headline;
mod merge;
mod options;
mod pictures;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use protocol::deployment::Deployment;
use results::memory_sweep::Compared;
use tokio::time::{Instant, sleep_until};

use super::function_memory::FunctionMemory;
use super::run::{self, Measured, Run};
use crate::output;
use crate::scenario::Scenario;
pub use headline::headline;
pub use options::WithMemory;
pub use pictures::pictures;
pub use table::{costs, options, prefixed, render};
pub use verdict::verdict;

/// What a scenario's memory sizes are compared by: see [`Compared`].
pub struct ComparedBy {
    /// What a figure's speed is, with its unit, such as `elapsed, s`.
    pub speed: &'static str,
    /// Whether that is a rate and not a time.
    pub is_rate: bool,
    /// What a figure's price is for, such as `a million items`.
    pub price: &'static str,
}

impl From<ComparedBy> for Compared {
    fn from(ComparedBy { speed, is_rate, price }: ComparedBy) -> Self {
        Self { speed: speed.to_owned(), is_rate, price: price.to_owned() }
    }
}

/// Between the end of a run and the start of the next, so that their REPORT lines can be told apart.
const PAUSE: Duration = Duration::from_secs(3);

/// Runs a scenario with each size, and gives the functions back their own, also if the user presses Ctrl-C. Then the sizes that
/// were measured are the result.
///
/// # Errors
/// If a run fails, or a function's memory cannot be changed; [`crate::exit::Interrupted`] if the user stopped it before anything was
/// measured, or aborted it.
pub async fn run<S: Scenario>(scenario: &S, run: &Run<S::Deployed>, sizes: &[u64]) -> Result<Measured> {
    let memory = FunctionMemory::remember(run, scenario.measured_functions(&run.deployed), sizes).await?;
    let ignored = ignored::<S>(&memory);
    if let Some(ignored) = &ignored {
        run.context().notify(ignored);
    }
    let points = each(scenario, run, &memory, sizes).await;
    let spinner = run.context().waiting("restoring the functions' memory");
    let restored = memory.restore().await;
    drop(spinner);
    match (points, restored) {
        (Ok(points), restored) => {
            restored?;
            let left_out = left_out(sizes, points.len());
            let mut merged = merge::merged(S::COMPARED.into(), points, run.cpu_limit.as_ref());
            merged.measurement.warnings.extend(ignored);
            merged.measurement.missing.extend(left_out);
            Ok(merged)
        }
        (Err(error), restored) => {
            match restored {
                Ok(()) => output::print_error("the functions' memory was restored"),
                Err(restored) => output::print_error(format_args!("warning: {restored:#}")),
            }
            Err(error)
        }
    }
}

async fn each<S: Scenario>(
    scenario: &S,
    run: &Run<S::Deployed>,
    memory: &FunctionMemory<'_>,
    sizes: &[u64],
) -> Result<Vec<(u64, Measured)>> {
    // Ctrl-C ends a run, but no change of memory.
    let (mut points, mut next) = (Vec::new(), Instant::now());
    for &memory_mb in sizes {
        if !points.is_empty() {
            run.stop.waits_for("the functions' own memory to be restored");
        }
        let spinner = run.context().waiting(&format!("{memory_mb} MB: giving the functions this memory"));
        memory.set(memory_mb).await?;
        drop(spinner);
        let measured = async {
            let pause = async {
                sleep_until(next).await;
                Ok(())
            };
            run.stop.unless_requested(pause, || "no run was under way".to_owned()).await?;
            run::measure(scenario, &with_memory(run, memory_mb)).await
        };
        match measured.await {
            // What is there already is a result without this size.
            Err(error) if points.is_empty() => return Err(error),
            measured => match run.stop.measured(measured)? {
                Some(measured) => points.push((memory_mb, measured)),
                None => break,
            },
        }
        if run.stop.is_requested() {
            break;
        }
        next = Instant::now() + PAUSE;
    }
    Ok(points)
}

/// The sizes behind the first ones, in words.
fn left_out(sizes: &[u64], measured: usize) -> Option<String> {
    let left: Vec<_> = sizes.iter().skip(measured).map(u64::to_string).collect();
    (!left.is_empty()).then(|| format!("memory sizes {} MB", left.join(", ")))
}

/// The run with a memory size: what it costs is calculated with that.
pub fn with_memory<Deployed: AsMut<Deployment> + Clone>(
    run: &Run<Deployed>,
    memory_mb: u64,
) -> Run<Deployed> {
    let mut sized = run.clone();
    sized.name = format!("{}-{memory_mb}", run.name);
    sized.started_at = Timestamp::now();
    sized.deployed.as_mut().settings.insert("memory".to_owned(), memory_mb.into());
    sized
}

/// Which functions have a memory of their own that they don't get.
fn ignored<S: Scenario>(memory: &FunctionMemory<'_>) -> Option<String> {
    let differing: Vec<_> =
        memory.differing().map(|(function, memory_mb)| format!("{function} {memory_mb} MB")).collect();
    (!differing.is_empty()).then(|| {
        format!(
            "every function gets each memory size; {} is ignored: {}",
            S::OWN_MEMORY,
            differing.join(", ")
        )
    })
}
