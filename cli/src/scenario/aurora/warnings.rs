//! What to know about a load test's figures, each with advice.

use std::collections::BTreeMap;

use protocol::aurora::Endpoint;
use protocol::stats::real;
use results::scenario::aurora::{Figures, QueueRun, RampRun, Runs, Stage};

use super::{Deployed, advice};

/// Below this number of completions, p99.9 is just the slowest one.
const FEW: u64 = 1000;
/// A stage with so much less TPS than those before and after it was disturbed.
const DIP: f64 = 0.1;
/// Workers that use this share of the CPU they have are what limits the load.
const BUSY: f64 = 0.8;
/// Memory that buys a function one vCPU, MB (Lambda Developer Guide, "Memory and computing power").
const MB_A_CPU: f64 = 1769.0;

/// The warnings about some runs on a stack.
pub fn of(aurora: &Deployed, runs: &Runs) -> Vec<String> {
    let mut warnings = match runs {
        Runs::Ramp(runs) => runs.iter().flat_map(|run| of_ramp(aurora, run)).collect(),
        Runs::Queue(runs) => runs.iter().flat_map(|run| of_queue(aurora, run)).collect::<Vec<_>>(),
    };
    if reads_from_reader(runs) && aurora.deployment.setting("readers") == Some(0) {
        warnings.push(format!(
            "--split, but the cluster has no reader, so its reader endpoint leads to the writer: pulumi config set readers 1 {}",
            aurora.deployment.stack_option()
        ));
    }
    if !aurora.deployment.is_on_aws() {
        warnings.push(
            "local: PostgreSQL and the workers share this machine's processor, and there are no ACUs, so Aurora's part of \
             the price is missing: compare drivers and actions with each other"
                .to_owned(),
        );
    }
    warnings
}

fn reads_from_reader(runs: &Runs) -> bool {
    match runs {
        Runs::Ramp(runs) => runs.iter().any(|run| run.host == Endpoint::Reader),
        Runs::Queue(runs) => runs.iter().flat_map(|run| &run.actions).any(|one| one.host == Endpoint::Reader),
    }
}

fn of_ramp(aurora: &Deployed, run: &RampRun) -> Vec<String> {
    let label = format!("{} {}", run.driver, run.action);
    let all: Vec<&Figures> = run.stages.iter().map(|stage| &stage.figures).collect();
    let clients = |is_meant: &dyn Fn(&Stage) -> bool| list(run.stages.iter().filter(|stage| is_meant(stage)));
    let mut warnings = Vec::new();
    if let Some(clients) = clients(&|stage| stage.figures.completions < FEW) {
        warnings.push(format!(
            "{label}: fewer than {FEW} completions with {clients} clients, so p99.9 is just the slowest one: raise --seconds"
        ));
    }
    if let Some(clients) = clients(&|stage| is_cpu_bound(aurora, stage)) {
        warnings.push(format!(
            "{label}: with {clients} clients the workers used all the CPU they have, so they limit the load, not the \
             database: pulumi config set memory {} {}",
            more_memory(aurora),
            aurora.deployment.stack_option()
        ));
    }
    if let Some(clients) = dips(&run.stages) {
        warnings.push(format!(
            "{label}: noisy: TPS with {clients} clients is more than {:.0} % below the stages before and after: close \
             other programs, or raise --seconds",
            DIP * 100.0
        ));
    }
    if let Some(clients) = clients(&|stage| stage.figures.late > 0 && stage.figures.cold_starts > 0) {
        warnings.push(format!(
            "{label}: with {clients} clients functions were still starting when the stage began: run it again while they \
             are warm"
        ));
    }
    warnings.extend(workers(&label, &all));
    warnings.extend(errors(&label, &all));
    warnings
}

fn of_queue(aurora: &Deployed, run: &QueueRun) -> Vec<String> {
    let label = run.driver.to_string();
    let all: Vec<&Figures> = run.actions.iter().map(|one| &one.figures).collect();
    let cold: u64 = all.iter().map(|one| one.cold_starts).sum();
    let attempts: u64 = all.iter().map(|one| one.workers).sum();
    let mut warnings = Vec::new();
    for one in run.actions.iter().filter(|one| one.figures.completions < FEW) {
        warnings.push(format!(
            "{label} {}: fewer than {FEW} completions, so p99.9 is just the slowest one: raise --messages or --statements",
            one.action
        ));
    }
    if cold > 0 {
        warnings.push(format!(
            "{label}: {cold} of {attempts} attempts at messages were cold starts, whose time is in TPS: send more \
             messages, or run it again while the functions are warm"
        ));
    }
    if is_billed_for_cpu(aurora, run) {
        warnings.push(format!(
            "{label}: the workers used all the CPU they have, so they limit the load, not the database: pulumi config set \
             memory {} {}",
            more_memory(aurora),
            aurora.deployment.stack_option()
        ));
    }
    if run.dead_lettered > 0 {
        warnings.push(format!(
            "{label}: {} messages were given up; where they lacked time: --statements of less, or: pulumi config set \
             timeoutSeconds {} {}",
            run.dead_lettered,
            aurora.deployment.setting("timeoutSeconds").map_or(60, |seconds| (seconds * 2).min(900)),
            aurora.deployment.stack_option()
        ));
    }
    warnings.extend(errors(&label, &all));
    warnings
}

/// Workers that didn't do what their stage is measured by.
fn workers(label: &str, all: &[&Figures]) -> Vec<String> {
    let lost: u64 = all.iter().map(|one| one.lost).sum();
    let late: u64 = all.iter().map(|one| one.late).sum();
    let mut warnings = Vec::new();
    if lost > 0 {
        warnings.push(format!(
            "{label}: {lost} workers were lost (killed, crashed or throttled), so their stages had less load than \
             clients: see the workers' logs, and the account's limit on concurrent executions"
        ));
    }
    if late > 0 {
        warnings.push(format!(
            "{label}: {late} workers began late, so their stages had fewer clients at first: run it again while the \
             functions are warm, or raise --seconds"
        ));
    }
    warnings
}

fn errors(label: &str, all: &[&Figures]) -> Vec<String> {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, count) in all.iter().flat_map(|one| &one.errors) {
        *kinds.entry(kind).or_default() += count;
    }
    let told =
        kinds.into_iter().map(|(kind, count)| format!("{label}: {count} × {kind}: {}", advice::of(kind)));
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
        let [before, stage, after] = [0, 1, 2].map(|index| three[index].figures.tps);
        stage < (1.0 - DIP) * before.min(after)
    });
    list(dips.map(|three| &three[1]))
}

fn is_cpu_bound(aurora: &Deployed, stage: &Stage) -> bool {
    let figures = &stage.figures;
    figures.cpu_ms > BUSY * cpus(aurora) * figures.elapsed_seconds * 1000.0 * real(figures.workers.max(1))
}

fn is_billed_for_cpu(aurora: &Deployed, run: &QueueRun) -> bool {
    let cpu_ms: f64 = run.actions.iter().map(|one| one.figures.cpu_ms).sum();
    let memory_gb = real(aurora.deployment.setting("memory").unwrap_or_default()) / 1024.0;
    run.price.gb_seconds.is_some_and(|gb_seconds| {
        memory_gb > 0.0 && cpu_ms > BUSY * cpus(aurora) * gb_seconds / memory_gb * 1000.0
    })
}

/// What a worker that needs one CPU at most gets of it: on AWS its memory decides, locally nothing limits it.
fn cpus(aurora: &Deployed) -> f64 {
    match aurora.deployment.setting("memory") {
        Some(memory) if aurora.deployment.is_on_aws() => (real(memory) / MB_A_CPU).min(1.0),
        _ => 1.0,
    }
}

fn more_memory(aurora: &Deployed) -> u64 {
    aurora.deployment.setting("memory").map_or(1769, |memory| (memory * 2).min(10_240))
}

#[cfg(test)]
#[path = "warnings_tests.rs"]
mod tests;
