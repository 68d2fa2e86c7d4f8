//! The scenarios that `lambench run` knows: a module, a command and a result each. Nothing else in the command knows one.

pub mod archive;
pub mod aurora;
pub mod pipeline;
pub mod s3_read;
pub mod shared;
pub mod splitter;

use anyhow::Result;
use clap::Subcommand;
use protocol::deployment::Deployment;
use results::file::RunResult;
use results::scenario::Detail;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::progress::Mode;
use crate::project::Project;
use archive::Archive;
use aurora::Aurora;
use pipeline::Pipeline;
use s3_read::S3Read;
use shared::run::{self, Measurement, Run};
use splitter::Splitter;

/// A scenario with the options of one run.
pub trait Scenario: Sized {
    /// As in `functions/`, `stacks/` and `docs/scenarios/`.
    const NAME: &'static str;
    /// What `lambench run <name>` takes.
    type Options: clap::Args;
    /// The scenario's part of a stack's output `environment`.
    type Deployed: DeserializeOwned + AsRef<Deployment>;

    /// Takes the options of a run.
    ///
    /// # Errors
    /// [`crate::exit::Usage`] if they contradict each other.
    fn new(options: &Self::Options) -> Result<Self>;

    /// Triggers a run, follows it to its end, and measures it.
    ///
    /// # Errors
    /// If AWS fails; [`crate::exit::Interrupted`] if the user ended it.
    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement>;
}

/// The scenarios that can be run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Who builds one ZIP of all objects of a bucket cheapest, who fastest?
    #[command(after_help = archive::options::EXAMPLES)]
    Archive(archive::options::Options),
    /// What load does Aurora PostgreSQL take from functions?
    #[command(after_help = aurora::options::EXAMPLES)]
    Aurora(aurora::options::Options),
    /// How long is the way through a stream, from an HTTP call to a row?
    #[command(after_help = pipeline::options::EXAMPLES)]
    Pipeline(pipeline::options::Options),
    /// How fast do functions read S3, with presigned URLs and with the SDK?
    #[command(name = "s3-read", after_help = s3_read::options::EXAMPLES)]
    S3Read(s3_read::options::Options),
    /// What does fan-out through a queue buy?
    #[command(after_help = splitter::options::EXAMPLES)]
    Splitter(splitter::options::Options),
}

impl Command {
    /// Runs the scenario on a stack; without `stack`, on the selected one.
    ///
    /// # Errors
    /// As [`run::run`].
    pub async fn run(&self, project: Project, stack: Option<&str>, progress: Mode) -> Result<RunResult> {
        match self {
            Self::Archive(options) => run::run::<Archive>(options, project, stack, progress).await,
            Self::Aurora(options) => run::run::<Aurora>(options, project, stack, progress).await,
            Self::Pipeline(options) => run::run::<Pipeline>(options, project, stack, progress).await,
            Self::S3Read(options) => run::run::<S3Read>(options, project, stack, progress).await,
            Self::Splitter(options) => run::run::<Splitter>(options, project, stack, progress).await,
        }
    }
}

/// What only this scenario has, as people read it: its tables.
pub fn render(result: &RunResult) -> String {
    match &result.detail {
        Detail::Archive(contest) => archive::report::render(contest, &result.environment.stack, &result.cost),
        Detail::Aurora(load) => aurora::report::render(load, &result.cost),
        Detail::Pipeline(delivery) => pipeline::report::render(delivery, &result.cost),
        Detail::S3Read(reading) => s3_read::report::render(reading, &result.cost),
        Detail::Splitter(splitting) => splitter::report::render(splitting, &result.cost),
    }
}

/// The options of a run, as far as its result has them; null without any.
pub fn options(detail: &Detail) -> Value {
    match detail {
        Detail::Archive(_) => Value::Null,
        Detail::Aurora(load) => aurora::options::of_result(load),
        Detail::Pipeline(delivery) => serde_json::json!(delivery.offered),
        Detail::S3Read(reading) => serde_json::json!(reading.request),
        Detail::Splitter(splitting) => serde_json::json!(splitting.task),
    }
}
