//! What to know about a load's figures, each with advice.

use std::collections::BTreeMap;

use protocol::aurora::Endpoint;
use protocol::stats::real;
use results::scenario::aurora::{Aggregate, CapacityRange, Load, QueueRun, RampRun, Runs, Stage};
use serde_json::Value;

use super::error_hints;
use crate::scenario::aurora::Run;
use crate::scenario::aurora::execute::{self, Observation};
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::warnings::{few, local};

/// Below this number of completions, p99.9 is just the slowest one.
const FEW: u64 = 1000;
/// A stage with so much less TPS than those before and after it was disturbed.
const DIP: f64 = 0.1;
/// Workers that use this share of the CPU they have are what limits the load.
const BUSY: f64 = 0.8;

/// Aurora's capacity moves by this, ACUs; means of a minute that differ by less are rounded.
const ACU_STEP: f64 = 0.5;

/// What to know about a load's figures.
pub fn warnings(run: &Run, observation: &Observation, load: &Load) -> Vec<String> {
    let billed: Vec<Option<Billed>> = match &observation.runs {
        execute::Runs::Ramp(executions) => executions.iter().map(|one| one.charges.billed).collect(),
        execute::Runs::Queue(all) => all.iter().map(|one| one.charges.billed).collect(),
    };
    about(run, &load.runs, &billed)
}

/// The warnings about some runs, of which each was billed for something.
fn about(run: &Run, runs: &Runs, billed: &[Option<Billed>]) -> Vec<String> {
    let deployment = run.deployment();
    let mut warnings: Vec<String> = match runs {
        Runs::Ramp(runs) => runs.iter().flat_map(|ramp| about_ramp(run, ramp)).collect(),
        Runs::Queue(runs) => {
            runs.iter().zip(billed).flat_map(|(queue, billed)| about_queue(run, queue, *billed)).collect()
        }
    };
    if reads_from_reader(runs) && deployment.setting("readers") == Some(0) {
        warnings.push(format!(
            "--split was given, but the cluster has no reader, so its reader endpoint leads to the writer: {}",
            run.context().set_command("readers", 1)
        ));
    }
    let caveats = "PostgreSQL and the workers share this machine's processor, and there are no ACUs, so Aurora's part of the \
                   price is missing";
    warnings.extend(local(deployment, caveats, "drivers and actions"));
    warnings
}

fn reads_from_reader(runs: &Runs) -> bool {
    match runs {
        Runs::Ramp(runs) => runs.iter().any(|run| run.host == Endpoint::Reader),
        Runs::Queue(runs) => runs.iter().flat_map(|run| &run.actions).any(|one| one.host == Endpoint::Reader),
    }
}

fn about_ramp(run: &Run, ramp: &RampRun) -> Vec<String> {
    let label = format!("{} {}", ramp.driver, ramp.action);
    let all: Vec<&Aggregate> = ramp.stages.iter().map(|stage| &stage.aggregate).collect();
    let clients =
        |is_meant: &dyn Fn(&Stage) -> bool| list(ramp.stages.iter().filter(|stage| is_meant(stage)));
    let mut warnings = Vec::new();
    if let Some(clients) = clients(&|stage| stage.aggregate.completions < FEW) {
        warnings.push(format!(
            "{label}: {}",
            few(FEW, &format!("completions with {clients} clients"), "raise --seconds")
        ));
    }
    if let Some(clients) = clients(&|stage| is_cpu_bound(run, stage)) {
        warnings.push(format!(
            "{label}: with {clients} clients the workers used all the CPU they have, so they limit the load, not the \
             database: {}",
            more_memory(run)
        ));
    }
    if let Some(clients) = dips(&ramp.stages) {
        warnings.push(format!(
            "{label}: noisy: TPS with {clients} clients is more than {:.0} % below the stages before and after: close \
             other programs, or raise --seconds",
            DIP * 100.0
        ));
    }
    if let Some(clients) = clients(&|stage| stage.aggregate.late > 0 && stage.aggregate.cold_starts > 0) {
        warnings.push(format!(
            "{label}: with {clients} clients functions were still starting when the stage started: run it again while they \
             are warm"
        ));
    }
    warnings.extend(workers(run, &label, &all));
    warnings.extend(errors(&label, &all));
    warnings.extend(scaled(run, &label, ramp.stages.iter().filter_map(|stage| stage.acus)));
    warnings
}

fn about_queue(run: &Run, queue: &QueueRun, billed: Option<Billed>) -> Vec<String> {
    let label = queue.driver.to_string();
    let all: Vec<&Aggregate> = queue.actions.iter().map(|one| &one.aggregate).collect();
    let cold: u64 = all.iter().map(|one| one.cold_starts).sum();
    let attempts: u64 = all.iter().map(|one| one.workers).sum();
    let mut warnings = Vec::new();
    for one in queue.actions.iter().filter(|one| one.aggregate.completions < FEW) {
        warnings.push(format!(
            "{label} {}: {}",
            one.action,
            few(FEW, "completions", "raise --messages or --statements")
        ));
    }
    if cold > 0 {
        warnings.push(format!(
            "{label}: {cold} of {attempts} attempts at messages were cold starts, whose time is in TPS: send more \
             messages, or run it again while the functions are warm"
        ));
    }
    if is_billed_for_cpu(run, queue, billed) {
        warnings.push(format!(
            "{label}: the workers used all the CPU they have, so they limit the load, not the database: {}",
            more_memory(run)
        ));
    }
    if queue.dead_lettered > 0 {
        warnings.push(format!(
            "{label}: {} messages were given up; if they ran out of time, lower --statements, or: {}",
            queue.dead_lettered,
            more_time(run)
        ));
    }
    warnings.extend(errors(&label, &all));
    warnings.extend(scaled(run, &label, queue.acus.into_iter()));
    warnings
}

/// A database that scaled while it was loaded.
fn scaled(run: &Run, label: &str, acus: impl Iterator<Item = CapacityRange>) -> Option<String> {
    let CapacityRange { min, max } = acus.reduce(CapacityRange::union)?;
    let greatest = run.deployment().settings.get("maxCapacity").and_then(Value::as_f64).unwrap_or(max);
    (max - min >= ACU_STEP).then(|| {
        format!(
            "{label}: Aurora had from {min:.1} to {max:.1} ACUs under load, so the figures show how it \
             scales, and stages and drivers cannot be compared: {}",
            run.context().set_command("minCapacity", greatest)
        )
    })
}

/// Workers that didn't do what their stage is measured by.
fn workers(run: &Run, label: &str, all: &[&Aggregate]) -> Vec<String> {
    let lost: u64 = all.iter().map(|one| one.lost).sum();
    let late: u64 = all.iter().map(|one| one.late).sum();
    let mut warnings = Vec::new();
    if lost > 0 {
        warnings.push(format!(
            "{label}: {lost} workers were lost (killed, crashed or throttled), so their stages had less load than \
             clients: check the account's limit on concurrent executions, and see what they logged with: {}",
            run.logs_command("aurora")
        ));
    }
    if late > 0 {
        warnings.push(format!(
            "{label}: {late} workers started late, so their stages had fewer clients at first: run it again while the \
             functions are warm, or raise --seconds"
        ));
    }
    warnings
}

fn errors(label: &str, all: &[&Aggregate]) -> Vec<String> {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, count) in all.iter().flat_map(|one| &one.errors) {
        *kinds.entry(kind).or_default() += count;
    }
    let told = kinds
        .into_iter()
        .map(|(kind, count)| format!("{label}: {count} × {kind}: {}", error_hints::hint(kind)));
    told.collect()
}

/// The clients of some stages, such as `1, 3`; none if there is no such stage.
fn list<'a>(stages: impl Iterator<Item = &'a Stage>) -> Option<String> {
    let clients: Vec<String> = stages.map(|stage| stage.clients.to_string()).collect();
    (!clients.is_empty()).then(|| clients.join(", "))
}

/// Stages that are slower than both their neighbours.
fn dips(stages: &[Stage]) -> Option<String> {
    let dips = stages.windows(3).filter(|three| {
        let [before, stage, after] = [0, 1, 2].map(|index| three[index].aggregate.tps);
        stage < (1.0 - DIP) * before.min(after)
    });
    list(dips.map(|three| &three[1]))
}

fn is_cpu_bound(run: &Run, stage: &Stage) -> bool {
    let aggregate = &stage.aggregate;
    let elapsed_ms = aggregate.elapsed_seconds * 1000.0 * real(aggregate.workers.max(1));
    aggregate.cpu_ms > BUSY * vcpus(run) * elapsed_ms
}

fn is_billed_for_cpu(run: &Run, queue: &QueueRun, billed: Option<Billed>) -> bool {
    let cpu_ms: f64 = queue.actions.iter().map(|one| one.aggregate.cpu_ms).sum();
    billed.is_some_and(|billed| cpu_ms > BUSY * vcpus(run) * billed.ms)
}

/// What a worker, which needs one vCPU at most, gets of it.
fn vcpus(run: &Run) -> f64 {
    run.deployment().setting("memory").map_or(1.0, |memory| run.vcpus(memory))
}

/// The command that gives workers twice the memory.
fn more_memory(run: &Run) -> String {
    let deployment = run.deployment();
    let memory = deployment.setting("memory").map_or(deployment.memory_per_vcpu, |memory| memory * 2);
    run.context().set_command("memory", deployment.clamp("memory", memory))
}

/// The command that gives queue workers twice the time.
fn more_time(run: &Run) -> String {
    let deployment = run.deployment();
    let seconds = deployment.setting("timeoutSeconds").map_or(60, |seconds| seconds * 2);
    run.context().set_command("timeoutSeconds", deployment.clamp("timeoutSeconds", seconds))
}

#[cfg(test)]
mod tests;
