//! The scenarios that `lambench run` knows: a module, a command and a result each. Nothing else in the command knows one.

pub mod archive;
pub mod aurora;
mod metrics;
pub mod pipeline;
mod report;
pub mod s3_read;
pub mod shared;
pub mod splitter;

use anyhow::Result;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use protocol::deployment::Deployment;
use results::file::RunResult;
use results::scenario::Detail;
use serde::de::DeserializeOwned;

use crate::progress::Mode;
use crate::project::Project;
use archive::Archive;
use archive::rank_by::RankBy;
use aurora::Aurora;
pub use metrics::metrics;
use pipeline::Pipeline;
use report::Report;
pub use report::{headline, memory_mb, options, out, pictures, render, settings_of_run, used, verdict};
use s3_read::S3Read;
use shared::estimate::{Forecast, Past, Plan};
use shared::limits::Quota;
use shared::memory_sweep::{ComparedBy, WithMemory};
use shared::run::{self, Measurement, Run, Start};
use splitter::Splitter;

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
    /// Quotas of the account that a run may meet, besides that of invocations at once: they are read before it begins.
    const QUOTAS: &'static [Quota] = &[];
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

    /// What a run will cost, take and meet, before it begins; `size` is the memory that the measured functions get in this run, MB, and
    /// `pasts` are earlier runs, those first that tell most.
    ///
    /// # Errors
    /// If the options don't fit what is deployed, or it cannot be looked up.
    async fn estimate(&self, run: &Run<Self::Deployed>, size: Option<u64>, pasts: &[&Past]) -> Result<Plan>;

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

    /// Takes the name of a scenario, and has a shell complete it.
    pub fn names_parser() -> PossibleValuesParser {
        // clap keeps what it completes for as long as the process runs.
        PossibleValuesParser::new(Self::names().into_iter().map(|name| &*name.leak()))
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

    /// What to rank the result by.
    pub fn rank_by(&self) -> RankBy {
        match self {
            Self::Archive(WithMemory { options, .. }) => options.rank_by,
            _ => RankBy::default(),
        }
    }

    /// Runs the scenario.
    ///
    /// # Errors
    /// As [`run::run`].
    pub async fn run(&self, start: Start<'_>) -> Result<RunResult> {
        match self {
            Self::Archive(options) => run::run::<Archive>(options, start).await,
            Self::Aurora(options) => run::run::<Aurora>(options, start).await,
            Self::Pipeline(options) => run::run::<Pipeline>(options, start).await,
            Self::S3Read(options) => run::run::<S3Read>(options, start).await,
            Self::Splitter(options) => run::run::<Splitter>(options, start).await,
        }
    }

    /// What a run of the scenario on a stack would cost, take and meet; without `stack`, on the selected one.
    ///
    /// # Errors
    /// As [`run::estimate`].
    pub async fn estimate(&self, project: Project, stack: Option<&str>, progress: Mode) -> Result<Forecast> {
        match self {
            Self::Archive(options) => run::estimate::<Archive>(options, project, stack, progress).await,
            Self::Aurora(options) => run::estimate::<Aurora>(options, project, stack, progress).await,
            Self::Pipeline(options) => run::estimate::<Pipeline>(options, project, stack, progress).await,
            Self::S3Read(options) => run::estimate::<S3Read>(options, project, stack, progress).await,
            Self::Splitter(options) => run::estimate::<Splitter>(options, project, stack, progress).await,
        }
    }
}

/// What only one scenario knows of a result; none of a memory sweep, which has a result of each size.
fn own(detail: &Detail) -> Option<&dyn Report> {
    match detail {
        Detail::Archive(contest) => Some(contest),
        Detail::Aurora(load) => Some(load),
        Detail::Pipeline(delivery) => Some(&**delivery),
        Detail::S3Read(reading) => Some(reading),
        Detail::Splitter(splitting) => Some(splitting),
        Detail::MemorySweep(_) => None,
    }
}
