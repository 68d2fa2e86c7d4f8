//! One run of a scenario: what it has to work with, what it measures, and the result that is made of both.

use std::process::Command;

use anyhow::Result;
use aws_config::SdkConfig;
use jiff::Timestamp;
use protocol::deployment::Deployment;
use protocol::stats::real;
use results::cost::Cost;
use results::cpu::{CpuLimit, CpuUse};
use results::estimate::Estimate;
use results::file::{self, Environment, Incomplete, RunResult, SCHEMA_VERSION};
use results::memory_sweep::Figure;
use results::price_list::PriceList;
use results::scenario::Detail;

use super::deployment::{LOOKING, deployed};
use super::estimate::{self, Forecast, Guard};
use super::limits::{Account, Limit, concurrency, meets_first};
use super::memory_sweep::WithMemory;
use super::run_context::RunContext;
use super::series::Series;
use super::{cpu, function_memory, limits, memory_sweep, run_lock, warnings};
use crate::aws;
use crate::exit::Usage;
use crate::local::s3_in_use;
use crate::output;
use crate::price_list;
use crate::progress::{Mode, Spinner};
use crate::project::Project;
use crate::scenario::{Scenario, used};
use crate::shutdown::Stop;

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
    /// What the account allows.
    pub account: Account,
    /// How to show progress.
    pub progress: Mode,
    /// Whether the user has asked it to stop.
    pub stop: Stop,
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

    /// The command that prints what functions have logged during the run; they are named as `lambench logs` knows them.
    pub fn logs_command(&self, functions: &str) -> String {
        format!("lambench logs {functions} --run {} --stack {}", self.name, self.deployment().stack)
    }

    /// What requests to the stack's services need.
    pub fn context(&self) -> RunContext<'_> {
        RunContext {
            scenario: self.scenario,
            deployment: self.deployment(),
            config: &self.config,
            progress: self.progress,
            stop: &self.stop,
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
    /// What was asked for and is not here, in words, because the user stopped the run; nothing if it went to its end.
    pub missing: Vec<String>,
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

/// Where and how a run starts.
pub struct Start<'a> {
    /// The checkout.
    pub project: Project,
    /// The stack; none: the selected one.
    pub stack: Option<&'a str>,
    /// How to show progress.
    pub progress: Mode,
    /// Whether the user asks it to stop.
    pub stop: Stop,
    /// What it may cost.
    pub guard: Guard,
}

/// Runs a scenario on a stack. With memory sizes, once for each.
///
/// # Errors
/// If the options contradict each other, the stack doesn't have the scenario, or AWS fails;
/// [`crate::exit::Interrupted`] if the user ended it before anything was measured, or twice.
pub async fn run<S: Scenario>(
    WithMemory { options, memory }: &WithMemory<S::Options>,
    Start { project, stack, progress, stop, guard }: Start<'_>,
) -> Result<RunResult> {
    let scenario = S::new(options)?;
    let deployed = applied(&scenario, stack, progress)?;
    // Until here, the signals end this process, and Pulumi with it.
    stop.listen();
    let sizes = memory.all();
    let prepared = async {
        let run = prepare::<S>(deployed, project, progress, &stop).await;
        let expected = allowed(&scenario, &run, &sizes, guard).await?;
        anyhow::Ok((run, expected))
    };
    let not_begun = || "the run had not begun".to_owned();
    let (run, expected) = stop.unless_requested(prepared, not_begun).await?;
    let work = async {
        function_memory::recover(&run).await?;
        match sizes.as_slice() {
            [] => measure(&scenario, &run).await,
            sizes => memory_sweep::run(&scenario, &run, sizes).await,
        }
    };
    let mut measured = run_lock::alone(&run, Box::pin(work)).await?;
    measured.measurement.warnings.extend(limits::warnings(&expected.limits));
    Ok(result(&run, measured, expected))
}

/// What a run on a stack would cost, take and meet; without `stack`, on the selected one. With memory sizes, one for each.
///
/// # Errors
/// If the options contradict each other, the stack doesn't have the scenario, or AWS doesn't say what it takes.
pub async fn estimate<S: Scenario>(
    WithMemory { options, memory }: &WithMemory<S::Options>,
    project: Project,
    stack: Option<&str>,
    progress: Mode,
) -> Result<Forecast> {
    let scenario = S::new(options)?;
    let deployed = applied(&scenario, stack, progress)?;
    let run = prepare::<S>(deployed, project, progress, &Stop::default()).await;
    estimate::forecast(&scenario, &run, &memory.all()).await
}

/// What is deployed, with the options that take the place of its settings.
fn applied<S: Scenario>(scenario: &S, stack: Option<&str>, progress: Mode) -> Result<S::Deployed> {
    let spinner = Spinner::new(progress, LOOKING);
    let mut deployed: S::Deployed = deployed(S::NAME, stack)?;
    drop(spinner);
    scenario.apply(&mut deployed)?;
    Ok(deployed)
}

/// What is known of a run before it begins.
struct Expected {
    /// What it costs; none of one that cannot be estimated, where nothing is charged.
    estimate: Option<Estimate>,
    /// The limits that it meets.
    limits: Vec<Limit>,
}

/// What is known of a run that may begin. It is told first, since the run may take long: on AWS all of it, locally the limits.
async fn allowed<S: Scenario>(
    scenario: &S,
    run: &Run<S::Deployed>,
    sizes: &[u64],
    guard: Guard,
) -> Result<Expected> {
    let is_on_aws = run.deployment().is_on_aws();
    let forecast = match estimate::forecast(scenario, run, sizes).await {
        Ok(forecast) => Some(forecast),
        Err(error) if error.is::<Usage>() => return Err(error),
        Err(error) if guard.needs_estimate(is_on_aws) => {
            return Err(error.context("cannot estimate what the run costs (--yes runs it all the same)"));
        }
        Err(_) => None,
    };
    let limits = forecast.as_ref().map_or_else(
        || vec![concurrency(run, scenario.invocations_at_once(&run.deployed))],
        |forecast| forecast.limits.clone(),
    );
    tell(run, forecast.as_ref(), &limits);
    if let Some(forecast) = &forecast {
        guard.pass(forecast).await?;
    }
    Ok(Expected { estimate: forecast.map(|forecast| forecast.run), limits })
}

fn tell<D: AsRef<Deployment>>(run: &Run<D>, forecast: Option<&Forecast>, limits: &[Limit]) {
    match forecast.filter(|_| run.deployment().is_on_aws()) {
        Some(forecast) => run.context().notify(&forecast.render_without_limit_warnings()),
        None => meets_first(limits).iter().for_each(|first| run.context().notify(first)),
    }
    for warning in limits::warnings(limits) {
        output::print_error(format_args!("warning: {warning}"));
    }
}

/// What a run has to work with.
async fn prepare<S: Scenario>(
    deployed: S::Deployed,
    project: Project,
    progress: Mode,
    stop: &Stop,
) -> Run<S::Deployed> {
    let config = aws::config(deployed.as_ref()).await;
    let started_at = Timestamp::now();
    let spinner = Spinner::new(progress, "looking up prices and limits");
    let prices = price_list::of(deployed.as_ref(), &config, &project).await;
    let name = name(started_at);
    let cpu_limit = cpu::counts(deployed.as_ref()).await.map(|counts| counts.limit);
    let stop = stop.clone();
    let mut run = Run {
        scenario: S::NAME,
        project,
        deployed,
        config,
        prices,
        account: Account::default(),
        progress,
        stop,
        name,
        started_at,
        cpu_limit,
    };
    run.account = Account::read(run.context(), S::QUOTAS).await;
    drop(spinner);
    run
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

fn result<D: AsRef<Deployment>>(run: &Run<D>, measured: Measured, expected: Expected) -> RunResult {
    let Measured { measurement, cpu } = measured;
    let Measurement { series, cost, warnings, failed_checks, missing, detail, .. } = measurement;
    let environment = Environment {
        cpu: run.cpu_limit.clone(),
        s3: s3_in_use(&run.project, run.deployment().endpoint.as_deref()),
        ..Environment::from(run.deployment())
    };
    let estimate = expected
        .estimate
        .map(|estimate| Estimate { measured: used(&detail, &run.deployment().stack, &cost), ..estimate });
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
        incomplete: Incomplete::interrupted(missing),
        summary: series.iter().filter_map(Series::summary).collect(),
        samples: series.into_iter().map(Series::samples).collect(),
        cpu,
        cost,
        estimate,
        limits: expected.limits.into_iter().map(|limit| limit.of_run).collect(),
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
