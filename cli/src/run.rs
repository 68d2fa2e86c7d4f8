//! `lambench run`: triggers a scenario, follows it, and writes its result.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::ValueEnum;
use results::file::RunResult;

use crate::progress::Mode;
use crate::project::Project;
use crate::{scenario, show};

/// What `lambench run` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The scenario to run
    scenario: Scenario,
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

/// The scenarios that can be run.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scenario {
    /// Who builds one ZIP of all objects of a bucket cheapest, who fastest?
    Archive,
}

/// Runs a scenario and prints its result.
///
/// # Errors
/// If the run fails; a run in which no contender passed is a result as well.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let project = Project::find()?;
    let stack = arguments.stack.as_deref();
    let result = tokio::runtime::Runtime::new()?.block_on(async {
        match arguments.scenario {
            Scenario::Archive => scenario::archive::run(&project, stack, arguments.progress).await,
        }
    })?;
    let file = write(&project, &result)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        print!("{}", show::render(&result));
        println!("result: {}", file.display());
    }
    Ok(ExitCode::SUCCESS)
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
