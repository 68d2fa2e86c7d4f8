//! `lambench run`: triggers a scenario, follows it, and writes its result.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use results::file::RunResult;

use crate::cli::Global;
use crate::csv;
use crate::html;
use crate::layout::{Fit, lay_out};
use crate::output;
use crate::progress::Mode;
use crate::project::Project;
use crate::scenario::Command;
use crate::show;

/// What `lambench run` takes.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    /// The scenario to run
    #[command(subcommand)]
    scenario: Command,
    /// Print nothing but the path of the result file
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Print every statistic and cost as comma-separated values
    #[arg(long, global = true, conflicts_with = "quiet")]
    csv: bool,
    /// Also write the result as one HTML page with pictures
    #[arg(long, global = true, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    fit: Fit,
}

/// Runs a scenario and prints its result.
///
/// # Errors
/// If the run fails; a run whose checks failed is a result as well, and ends with exit code 1.
pub fn run(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    arguments.fit.apply();
    let project = Project::find()?;
    let root = project.root.clone();
    let result = tokio::runtime::Runtime::new()?.block_on(arguments.scenario.run(
        project,
        global.stack.as_deref(),
        if arguments.quiet { Mode::None } else { global.progress },
    ))?;
    let file = write(&root.join("results"), &result)?;
    if global.json {
        output::print_line(serde_json::to_string_pretty(&result)?)?;
    } else if arguments.csv {
        output::print(csv::render(&result)?)?;
    } else if arguments.quiet {
        output::print_line(file.display())?;
    } else {
        output::print(lay_out(&show::render(&result)))?;
        output::print_line(format_args!("result: {}", file.display()))?;
    }
    if let Some(page) = &arguments.html {
        html::write(page, std::slice::from_ref(&result))
            .with_context(|| format!("the result is in {}, but it has no page", file.display()))?;
    }
    if result.failed_checks.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    output::print_error(format_args!("error: the run's checks failed: {}", result.failed_checks.join("; ")));
    Ok(ExitCode::FAILURE)
}

/// Writes a result to `<folder>/<scenario>/<UTC time>-<stack>.json`.
fn write(folder: &std::path::Path, result: &RunResult) -> Result<PathBuf> {
    let folder = folder.join(&result.run.scenario);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let time = result.run.started_at.strftime("%Y-%m-%dT%H-%M-%SZ");
    let file = folder.join(format!("{time}-{}.json", result.environment.stack));
    let text = serde_json::to_string_pretty(result)? + "\n";
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
