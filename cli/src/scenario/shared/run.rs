//! One run of a scenario: what it has to work with, what it measures, and the result that is made of both.

use std::process::Command;

use anyhow::Result;
use aws_config::SdkConfig;
use jiff::Timestamp;
use protocol::deployment::Deployment;
use protocol::stats::real;
use results::cost::Cost;
use results::cpu::{CpuLimit, CpuUse};
use results::file::{self, Environment, RunResult, SCHEMA_VERSION};
use results::memory_sweep::Figure;
use results::price_list::PriceList;
use results::scenario::Detail;

use super::deployment::deployed;
use super::memory_sweep::WithMemory;
use super::run_context::RunContext;
use super::series::Series;
use super::{account_limit, cpu, function_memory, memory_sweep, run_lock, warnings};
use crate::aws;
use crate::output;
use crate::price_list;
use crate::progress::Mode;
use crate::project::Project;
use crate::scenario::Scenario;

/// A scenario's run on a stack.
#[derive(Clone)]
pub struct Run<Deployed> {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The checkout.
    pub project: Project,
    /// The scenario's part of the stack's output `environment`.
    pub deployed: Deployed,
    /// Region, endpoint and credentials.
    pub config: SdkConfig,
    /// What AWS charges.
    pub prices: PriceList,
    /// How to show progress.
    pub progress: Mode,
    /// Unique; what the run's messages, executions and items are named after.
    pub name: String,
    /// When it was triggered.
    pub started_at: Timestamp,
    /// How functions are held to their share of a processor; only a local environment tells.
    pub cpu_limit: Option<CpuLimit>,
}

impl<Deployed: AsRef<Deployment>> Run<Deployed> {
    /// Where it runs, and with which settings.
    pub fn deployment(&self) -> &Deployment {
        self.deployed.as_ref()
    }

    /// What a process that needs one vCPU at most gets of it with so much memory: on AWS and, as far as processors are shared,
    /// locally.
    pub fn vcpus(&self, memory_mb: u64) -> f64 {
        let share = real(memory_mb) / real(self.deployment().memory_per_vcpu);
        match &self.cpu_limit {
            Some(limit) if limit.mechanism == "off" => 1.0,
            Some(limit) => (share * limit.scale).min(1.0),
            None if self.deployment().is_on_aws() => share.min(1.0),
            None => 1.0,
        }
    }

    /// What requests to the stack's services need.
    pub fn context(&self) -> RunContext<'_> {
        RunContext {
            scenario: self.scenario,
            deployment: self.deployment(),
            config: &self.config,
            progress: self.progress,
        }
    }
}

/// What a run has measured.
pub struct Measurement {
    /// Every measured quantity.
    pub series: Vec<Series>,
    /// What the run, or a unit of its work, costs on AWS.
    pub cost: Vec<Cost>,
    /// What the reader of the figures should know, each with advice.
    pub warnings: Vec<String>,
    /// What makes the figures unfit for use, in words.
    pub failed_checks: Vec<String>,
    /// What memory sizes are compared by, as the scenario's `COMPARED` says; of each contender, variant, or whatever else is
    /// measured apart.
    pub figures: Vec<Figure>,
    /// What only this scenario has.
    pub detail: Detail,
}

/// What a run has measured, and what its functions had of the processors.
pub struct Measured {
    /// What the run has measured.
    pub measurement: Measurement,
    /// What its functions had of the processors; only a local environment tells.
    pub cpu: Option<CpuUse>,
}

/// Runs a scenario on a stack; without `stack`, on the selected one. With memory sizes, once for each.
///
/// # Errors
/// If the options contradict each other, the stack doesn't have the scenario, or AWS fails;
/// [`crate::exit::Interrupted`] if the user ended it.
pub async fn run<S: Scenario>(
    WithMemory { options, memory }: &WithMemory<S::Options>,
    project: Project,
    stack: Option<&str>,
    progress: Mode,
) -> Result<RunResult> {
    let scenario = S::new(options)?;
    let mut deployed: S::Deployed = deployed(S::NAME, stack)?;
    scenario.apply(&mut deployed)?;
    let config = aws::config(deployed.as_ref()).await;
    let started_at = Timestamp::now();
    let prices = price_list::of(deployed.as_ref(), &config, &project).await;
    let name = name(started_at);
    let cpu_limit = cpu::counts(deployed.as_ref()).await.map(|counts| counts.limit);
    let run =
        Run { scenario: S::NAME, project, deployed, config, prices, progress, name, started_at, cpu_limit };
    let throttling = account_limit::warning(run.context(), scenario.invocations_at_once(&run.deployed)).await;
    // Before it starts: it may take long.
    if let Some(warning) = &throttling {
        output::print_error(format_args!("warning: {warning}"));
    }
    let work = async {
        function_memory::recover(&run).await?;
        match memory.all().as_slice() {
            [] => measure(&scenario, &run).await,
            sizes => memory_sweep::run(&scenario, &run, sizes).await,
        }
    };
    let mut measured = run_lock::alone(&run, Box::pin(work)).await?;
    measured.measurement.warnings.extend(throttling);
    Ok(result(&run, measured))
}

/// Runs a scenario once.
///
/// # Errors
/// As [`run`].
pub async fn measure<S: Scenario>(scenario: &S, run: &Run<S::Deployed>) -> Result<Measured> {
    let before = cpu::counts(run.deployment()).await;
    // What a scenario keeps while it waits is large, and differs from one to the next.
    let mut measurement = Box::pin(scenario.run(run)).await?;
    let counts = before.zip(cpu::counts(run.deployment()).await);
    let cpu = counts.map(|(before, after)| cpu::used(&run.deployment().stack, &before, &after));
    measurement.warnings.extend(cpu.as_ref().and_then(cpu::warning));
    measurement.warnings.extend(warnings::prices(run, &measurement.cost));
    Ok(Measured { measurement, cpu })
}

fn result<D: AsRef<Deployment>>(run: &Run<D>, measured: Measured) -> RunResult {
    let Measured { measurement, cpu } = measured;
    let Measurement { series, cost, warnings, failed_checks, detail, .. } = measurement;
    let environment = Environment { cpu: run.cpu_limit.clone(), ..Environment::from(run.deployment()) };
    RunResult {
        schema_version: SCHEMA_VERSION,
        run: file::Run {
            id: run.name.clone(),
            scenario: run.scenario.to_owned(),
            started_at: run.started_at,
            ended_at: Timestamp::now(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            git_commit: git_commit(&run.project),
        },
        environment,
        summary: series.iter().filter_map(Series::summary).collect(),
        samples: series.into_iter().map(Series::samples).collect(),
        cpu,
        cost,
        warnings,
        failed_checks,
        detail,
    }
}

/// The name of a run that starts at a time.
fn name(now: Timestamp) -> String {
    now.strftime("lambench-%Y%m%dT%H%M%S%3fZ").to_string().replace('.', "")
}

/// The checkout's commit, with `-dirty` behind it if it has changes.
fn git_commit(project: &Project) -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
        .current_dir(&project.root)
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
