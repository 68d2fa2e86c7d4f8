//! The scenarios that `lambench run` knows: a module, a command and a result each. Nothing else in the command knows one.

pub mod archive;
pub mod aurora;
mod metrics;
pub mod pipeline;
pub mod s3_read;
pub mod shared;
pub mod splitter;

use anyhow::Result;
use clap::Subcommand;
use protocol::deployment::Deployment;
use results::cost::Cost;
use results::file::RunResult;
use results::scenario::Detail;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::progress::Mode;
use crate::project::Project;
use crate::shutdown::Stop;
use archive::Archive;
use aurora::Aurora;
pub use metrics::metrics;
use pipeline::Pipeline;
use s3_read::S3Read;
use shared::headline::Headline;
use shared::memory_sweep::{self, ComparedBy, WithMemory};
use shared::metric::Metric;
use shared::run::{self, Measurement, Run};
use splitter::Splitter;

/// The scenarios' names.
pub const NAMES: [&str; 5] = [Archive::NAME, Aurora::NAME, Pipeline::NAME, S3Read::NAME, Splitter::NAME];

/// A scenario with the options of one run.
pub trait Scenario: Sized {
    /// As in `functions/`, `stacks/` and `docs/scenarios/`.
    const NAME: &'static str;
    /// What `lambench run <name>` takes.
    type Options: clap::Args;
    /// The scenario's part of a stack's output `environment`.
    type Deployed: DeserializeOwned + Clone + AsRef<Deployment> + AsMut<Deployment>;
    /// What memory sizes are compared by.
    const COMPARED: ComparedBy;
    /// Where a measured function may have a memory of its own, other than the setting's.
    const OWN_MEMORY: &'static str = "what is deployed";

    /// Takes the options of a run.
    ///
    /// # Errors
    /// [`crate::exit::Usage`] if they contradict each other.
    fn new(options: &Self::Options) -> Result<Self>;

    /// Puts the options into what is deployed, as far as they take the place of its settings for this run.
    ///
    /// # Errors
    /// [`crate::exit::Usage`] if they don't fit what is deployed.
    fn apply(&self, _: &mut Self::Deployed) -> Result<()> {
        Ok(())
    }

    /// The functions that are measured, and so get the memory sizes to try.
    fn measured_functions(&self, deployed: &Self::Deployed) -> Vec<String>;

    /// How many invocations a run has under way at once, at most.
    fn invocations_at_once(&self, deployed: &Self::Deployed) -> u64;

    /// Triggers a run, follows it to its end, and measures it. If [`Run::stop`] asks for it, it ends early and returns what was
    /// measured, with what is missing.
    ///
    /// # Errors
    /// If AWS fails; [`crate::exit::Interrupted`] if the user stopped it before anything was measured, or aborted it.
    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement>;
}

/// The scenarios that can be run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Who builds one ZIP of all objects of a bucket cheapest, who fastest?
    #[command(after_help = archive::options::EXAMPLES)]
    Archive(WithMemory<archive::options::Options>),
    /// What load does Aurora PostgreSQL take from functions?
    #[command(after_help = aurora::options::EXAMPLES)]
    Aurora(WithMemory<aurora::options::Options>),
    /// How long does a message take through a stream, from an HTTP call to a row?
    #[command(after_help = pipeline::options::EXAMPLES)]
    Pipeline(WithMemory<pipeline::options::Options>),
    /// How fast do functions read S3, with presigned URLs and with the SDK?
    #[command(name = "s3-read", after_help = s3_read::options::EXAMPLES)]
    S3Read(WithMemory<s3_read::options::Options>),
    /// What does fan-out through a queue buy?
    #[command(after_help = splitter::options::EXAMPLES)]
    Splitter(WithMemory<splitter::options::Options>),
}

impl Command {
    /// The names of all scenarios.
    pub fn names() -> Vec<String> {
        let all = Self::augment_subcommands(clap::Command::new("run"));
        all.get_subcommands().map(|one| one.get_name().to_owned()).collect()
    }

    /// The scenario's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Archive(_) => Archive::NAME,
            Self::Aurora(_) => Aurora::NAME,
            Self::Pipeline(_) => Pipeline::NAME,
            Self::S3Read(_) => S3Read::NAME,
            Self::Splitter(_) => Splitter::NAME,
        }
    }

    /// Runs the scenario on a stack; without `stack`, on the selected one.
    ///
    /// # Errors
    /// As [`run::run`].
    pub async fn run(
        &self,
        project: Project,
        stack: Option<&str>,
        progress: Mode,
        stop: Stop,
    ) -> Result<RunResult> {
        match self {
            Self::Archive(options) => run::run::<Archive>(options, project, stack, progress, stop).await,
            Self::Aurora(options) => run::run::<Aurora>(options, project, stack, progress, stop).await,
            Self::Pipeline(options) => run::run::<Pipeline>(options, project, stack, progress, stop).await,
            Self::S3Read(options) => run::run::<S3Read>(options, project, stack, progress, stop).await,
            Self::Splitter(options) => run::run::<Splitter>(options, project, stack, progress, stop).await,
        }
    }
}

/// What only this scenario has, as people read it: its tables.
pub fn render(result: &RunResult) -> String {
    render_detail(&result.detail, &result.environment.stack, &result.cost)
}

fn render_detail(detail: &Detail, stack: &str, cost: &[Cost]) -> String {
    match detail {
        Detail::Archive(contest) => archive::report::render(contest, stack, cost),
        Detail::Aurora(load) => aurora::report::render(load, cost),
        Detail::Pipeline(delivery) => pipeline::report::render(delivery, cost),
        Detail::S3Read(reading) => s3_read::report::render(reading, cost),
        Detail::Splitter(splitting) => splitter::report::render(splitting, cost),
        Detail::MemorySweep(sweep) => {
            memory_sweep::render(sweep, cost, |detail, cost| render_detail(detail, stack, cost))
        }
    }
}

/// The figure that decides; none where nothing came of it.
pub fn headline(result: &RunResult) -> Option<Headline> {
    headline_of(&result.detail, &result.environment.stack)
}

fn headline_of(detail: &Detail, stack: &str) -> Option<Headline> {
    match detail {
        Detail::Archive(contest) => archive::report::headline(contest, stack),
        Detail::Aurora(load) => aurora::report::headline(load),
        Detail::Pipeline(delivery) => pipeline::report::headline(delivery),
        Detail::S3Read(reading) => s3_read::report::headline(reading),
        Detail::Splitter(splitting) => splitter::report::headline(splitting),
        Detail::MemorySweep(sweep) => memory_sweep::headline(sweep, |detail| headline_of(detail, stack)),
    }
}

/// The figures that only this scenario has, by their names.
fn own_metrics(detail: &Detail, stack: &str) -> Vec<Metric> {
    match detail {
        Detail::Archive(contest) => archive::report::metrics(contest, stack),
        Detail::Aurora(load) => aurora::report::metrics(load),
        Detail::Pipeline(delivery) => pipeline::report::metrics(delivery),
        Detail::S3Read(reading) => s3_read::report::metrics(reading),
        Detail::Splitter(splitting) => splitter::report::metrics(splitting),
        Detail::MemorySweep(sweep) => {
            let points = sweep.points.iter().flat_map(|point| {
                let sized = |metric| Metric { memory_mb: Some(point.memory_mb), ..metric };
                own_metrics(&point.detail, stack).into_iter().map(sized)
            });
            points.collect()
        }
    }
}

/// What did not pass, and why.
pub fn out(result: &RunResult) -> Vec<String> {
    let stack = &result.environment.stack;
    match &result.detail {
        Detail::Archive(contest) => archive::report::out(contest, stack),
        Detail::MemorySweep(sweep) => {
            let points = sweep.points.iter().flat_map(|point| {
                let Detail::Archive(contest) = &point.detail else { return Vec::new() };
                let sized = |out: String| memory_sweep::prefixed(point.memory_mb, &out);
                archive::report::out(contest, stack).into_iter().map(sized).collect()
            });
            points.collect()
        }
        _ => Vec::new(),
    }
}

/// The memory of the functions that something of a result is about, MB, such as one of its costs; none if they have several.
pub fn memory_mb(result: &RunResult, item: &str) -> Option<u64> {
    match &result.detail {
        Detail::Archive(contest) => archive::report::memory_mb(contest, &result.environment.stack, item),
        Detail::MemorySweep(_) => None,
        _ => result.environment.settings.get("memory")?.as_u64(),
    }
}

/// What a run was asked to do, as its result has it.
pub fn options(detail: &Detail, stack: &str) -> Value {
    match detail {
        Detail::Archive(contest) => archive::options::of_result(contest, stack),
        Detail::Aurora(load) => aurora::options::of_result(load),
        Detail::Pipeline(delivery) => serde_json::json!(delivery.offered),
        Detail::S3Read(reading) => s3_read::options::of_result(reading),
        Detail::Splitter(splitting) => splitter::options::of_result(splitting),
        Detail::MemorySweep(sweep) => memory_sweep::options(sweep, |detail| options(detail, stack)),
    }
}
