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
use results::cost::Cost;
use results::file::RunResult;
use results::scenario::Detail;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::html::picture::{Group, Picture};
use crate::progress::Mode;
use crate::project::Project;
use archive::Archive;
use aurora::Aurora;
use pipeline::Pipeline;
use s3_read::S3Read;
use shared::memory_sweep::{self, ComparedBy, WithMemory};
use shared::pictures::Part;
use shared::run::{self, Measurement, Run};
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
    /// Where a measured function may have a memory of its own, other than the setting's.
    const OWN_MEMORY: &'static str = "what is deployed";

    /// Takes the options of a run.
    ///
    /// # Errors
    /// [`crate::exit::Usage`] if they contradict each other.
    fn new(options: &Self::Options) -> Result<Self>;

    /// The functions that are measured, and so get the memory sizes to try.
    fn measured_functions(&self, deployed: &Self::Deployed) -> Vec<String>;

    /// How many invocations a run has under way at once, at most.
    fn invocations_at_once(&self, deployed: &Self::Deployed) -> u64;

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

/// The pictures of a result, each with its values.
pub fn pictures(result: &RunResult) -> Vec<Group> {
    let own = Part::of(result);
    let mut groups = match &result.detail {
        Detail::MemorySweep(sweep) => memory_sweep::pictures(sweep, &own, own_pictures),
        detail => vec![Group { pictures: own_pictures(&[detail], &own), ..Group::default() }],
    };
    let cpu = result.cpu.as_ref().and_then(shared::pictures::cpu);
    groups.extend(cpu.map(|picture| Group { pictures: vec![picture], ..Group::default() }));
    groups.retain(|group| !group.pictures.is_empty());
    groups
}

/// Those of a scenario's own part; of several memory sizes at once, those that can show them side by side.
fn own_pictures(details: &[&Detail], part: &Part) -> Vec<Picture> {
    match details {
        [Detail::Archive(contest)] => archive::report::pictures(contest, part),
        [Detail::Aurora(load)] => aurora::report::pictures(load, part),
        [Detail::Pipeline(delivery)] => pipeline::report::pictures(delivery, part),
        [Detail::S3Read(reading)] => s3_read::report::pictures(reading, part),
        [Detail::Splitter(splitting)] => splitter::report::pictures(splitting, part),
        [Detail::Archive(_), ..] => {
            let contests = details.iter().filter_map(|detail| match detail {
                Detail::Archive(contest) => Some(contest),
                _ => None,
            });
            archive::report::price_against_time(contests.flat_map(|contest| &contest.success), part)
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

/// The options of a run, as far as its result has them; null without any.
pub fn options(detail: &Detail) -> Value {
    match detail {
        Detail::Archive(_) => Value::Null,
        Detail::Aurora(load) => aurora::options::of_result(load),
        Detail::Pipeline(delivery) => serde_json::json!(delivery.offered),
        Detail::S3Read(reading) => serde_json::json!(reading.request),
        Detail::Splitter(splitting) => serde_json::json!(splitting.task),
        Detail::MemorySweep(sweep) => memory_sweep::options(sweep, options),
    }
}
