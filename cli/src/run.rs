//! `lambench run`: triggers a scenario, follows it, and writes its result.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use results::file::RunResult;

use crate::progress::Mode;
use crate::project::Project;
use crate::scenario::{archive, aurora, pipeline, s3_read, splitter};
use crate::show;

/// What `lambench run` takes.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    /// The scenario to run
    #[command(subcommand)]
    scenario: Scenario,
}

/// The scenarios that can be run.
#[derive(Debug, Subcommand)]
enum Scenario {
    /// Who builds one ZIP of all objects of a bucket cheapest, who fastest?
    #[command(after_help = archive::EXAMPLES)]
    Archive(Common),
    /// What load does Aurora PostgreSQL take from functions?
    #[command(after_help = aurora::options::EXAMPLES)]
    Aurora {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: aurora::options::Options,
    },
    /// How long is the way through a stream, from an HTTP call to a row?
    #[command(after_help = pipeline::options::EXAMPLES)]
    Pipeline {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: pipeline::options::Options,
    },
    /// How fast do functions read S3, and by which road?
    #[command(name = "s3-read", after_help = s3_read::options::EXAMPLES)]
    S3Read {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: s3_read::options::Options,
    },
    /// What does fan-out through a queue buy?
    #[command(after_help = splitter::options::EXAMPLES)]
    Splitter {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: splitter::options::Options,
    },
}

/// What to run, complete and consistent.
enum Plan {
    Archive,
    Aurora(aurora::options::Plan),
    Pipeline(pipeline::options::Plan),
    S3Read(s3_read::options::Plan),
    Splitter(splitter::options::Plan),
}

/// What all scenarios take.
#[derive(Debug, clap::Args)]
struct Common {
    /// The Pulumi stack to run it on [default: the selected one]
    #[arg(long, short)]
    stack: Option<String>,
    /// How to show progress, on standard error
    #[arg(long, default_value = "auto")]
    progress: Mode,
    /// Print the result as JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs a scenario and prints its result.
///
/// # Errors
/// If the run fails; a run in which no contender passed is a result as well.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let (Scenario::Archive(common)
    | Scenario::Aurora { common, .. }
    | Scenario::Pipeline { common, .. }
    | Scenario::S3Read { common, .. }
    | Scenario::Splitter { common, .. }) = &arguments.scenario;
    let (stack, progress) = (common.stack.as_deref(), common.progress);
    let plan = match &arguments.scenario {
        Scenario::Archive(_) => Plan::Archive,
        Scenario::Aurora { options, .. } => Plan::Aurora(options.plan()?),
        Scenario::Pipeline { options, .. } => Plan::Pipeline(options.plan()?),
        Scenario::S3Read { options, .. } => Plan::S3Read(options.plan()?),
        Scenario::Splitter { options, .. } => Plan::Splitter(options.plan()),
    };
    let project = Project::find()?;
    let result = tokio::runtime::Runtime::new()?.block_on(async {
        match plan {
            Plan::Archive => archive::run(&project, stack, progress).await,
            Plan::Aurora(plan) => aurora::run(&project, stack, progress, plan).await,
            Plan::Pipeline(plan) => pipeline::run(&project, stack, progress, plan).await,
            Plan::S3Read(plan) => s3_read::run(&project, stack, progress, plan).await,
            Plan::Splitter(plan) => splitter::run(&project, stack, progress, plan).await,
        }
    })?;
    let file = write(&project, &result)?;
    if common.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        print!("{}", show::render(&result));
        println!("result: {}", file.display());
    }
    Ok(verdict(&result))
}

/// Whether the run's figures can be used.
fn verdict(result: &RunResult) -> ExitCode {
    if result.detail.violations().is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: the run's figures can't be trusted; the result says why");
    ExitCode::FAILURE
}

/// Writes a result to `results/<scenario>/<UTC time>-<stack>.json`.
fn write(project: &Project, result: &RunResult) -> Result<PathBuf> {
    let folder = project.root.join("results").join(&result.run.scenario);
    fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
    let time = result.run.started_at.strftime("%Y-%m-%dT%H-%M-%SZ");
    let file = folder.join(format!("{time}-{}.json", result.environment.stack));
    let text = serde_json::to_string_pretty(result)? + "\n";
    fs::write(&file, text).with_context(|| format!("can't write {}", file.display()))?;
    Ok(file)
}
