//! `lambench report --metrics`: the figures of results as OpenMetrics 1.0 text, which Prometheus and Grafana's agents read.
//!
//! All figures are gauges or quantiles. A counter only grows, from run to run as well, and nothing of a result does: the next run
//! counts afresh. So there is neither a counter nor a summary's sum and count, of which `rate()` would make a rate that never was.

mod exposition;
mod naming;

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use jiff::Timestamp;
use protocol::stats::real;
use results::file::{Kind, RunResult};

use self::exposition::{Exposition, Family, MetricType};
use self::naming::{Named, named};
use crate::scenario::shared::metric::{Merit, Metric, RUN};
use crate::scenario::{memory_mb, metrics};

/// Names and values of labels.
type Labels = Vec<(&'static str, String)>;

/// The text of some results, each with the time at which its run began.
///
/// # Errors
/// If two results would have the same series at the same time.
pub fn render(results: &[RunResult]) -> Result<String> {
    let mut begun: BTreeSet<(Labels, Timestamp)> = BTreeSet::new();
    let mut exposition = Exposition::default();
    for result in results {
        let at = result.run.started_at;
        if !begun.insert((identity(result), at)) {
            let (scenario, stack) = (&result.run.scenario, &result.environment.stack);
            bail!("two results of {scenario} on stack {stack} began at {at}: give one of them");
        }
        add(&mut exposition, result);
    }
    Ok(exposition.text())
}

fn add(exposition: &mut Exposition, result: &RunResult) {
    add_run(exposition, result);
    // Figures of a run whose checks failed are unfit for use; that something failed or got lost is a fact.
    let is_told = |metric: &Metric| result.is_fit() || metric.merit == Merit::Failures || metric.of == RUN;
    for metric in metrics(result).iter().filter(|metric| is_told(metric)) {
        let Some(value) = metric.value else { continue };
        let mut labels = identity(result);
        if metric.of != RUN {
            let memory_mb = metric.memory_mb.or_else(|| memory_mb(result, &metric.of));
            labels.extend(memory_mb.map(|memory_mb| ("memory_mb", memory_mb.to_string())));
            labels.push(("of", metric.of.clone()));
        }
        let Named { family, quantile, in_base_unit } = named(metric);
        exposition.add(family, labels, result.run.started_at, quantile, in_base_unit(value));
    }
}

/// What tells which run it was, and whether its figures can be used.
fn add_run(exposition: &mut Exposition, result: &RunResult) {
    let (at, environment) = (result.run.started_at, &result.environment);
    let commit = result.run.git_commit.clone().map(|commit| ("commit", commit));
    let about = [
        ("architecture", environment.architecture.clone()),
        ("run", result.run.id.clone()),
        ("version", result.run.tool_version.clone()),
    ];
    let gauge = |name: &str, unit, help: &str| Family {
        name: format!("lambench_run_{name}"),
        metric_type: MetricType::Gauge,
        unit,
        help: help.to_owned(),
    };
    let info = Family {
        name: "lambench_run".to_owned(),
        metric_type: MetricType::Info,
        unit: None,
        help: "The run that the figures are of.".to_owned(),
    };
    let labels = identity(result).into_iter().chain(about).chain(commit).collect();
    exposition.add(info, labels, at, None, 1.0);
    let incomplete =
        gauge("incomplete", None, "1 if the run was interrupted, so that its figures are left out.");
    exposition.add(incomplete, identity(result), at, None, real(result.incomplete.is_some().into()));
    let help = "When the run began, as seconds since 1970.";
    let started = gauge("start_timestamp_seconds", Some("seconds"), help);
    exposition.add(started, identity(result), at, None, at.as_duration().as_secs_f64());
}

/// What tells a stack's results from those of another.
fn identity(result: &RunResult) -> Labels {
    let environment = &result.environment;
    let kind = match environment.kind {
        Kind::Aws => "aws",
        Kind::Local => "local",
    };
    vec![
        ("scenario", result.run.scenario.clone()),
        ("stack", environment.stack.clone()),
        ("environment", kind.to_owned()),
        ("region", environment.region.clone()),
    ]
}
