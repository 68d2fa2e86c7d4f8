//! `lambench estimate`: what a run would cost, how long it would take, and which limits it would meet.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Global;
use crate::layout::{Fit, lay_out};
use crate::output;
use crate::project::Project;
use crate::scenario::Command;

/// What `lambench estimate --help` shows.
pub const EXAMPLES: &str = "\
Nothing is run and nothing is changed. It takes the options of 'lambench run', with the stack's settings, the list prices \
that results use, and, for what nobody knows beforehand, the newest results in results/ or what it says that it assumes.

Examples:
  lambench estimate archive --stack dev
  lambench estimate pipeline --rate 500 --duration 5m --stack dev
  lambench estimate s3-read --memory 512,1024,1769 --stack dev
                                          a memory sweep: a run with each size
  lambench estimate archive --json | jq .total_usd";

/// What `lambench estimate` takes.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    /// The scenario that would be run
    #[command(subcommand)]
    scenario: Command,
    #[command(flatten)]
    fit: Fit,
}

/// Prints the estimate of a run.
///
/// # Errors
/// If the stack isn't deployed, or the options of the run are wrong.
pub fn estimate(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    arguments.fit.apply();
    let project = Project::find()?;
    let work = arguments.scenario.estimate(project, global.stack.as_deref(), global.progress);
    let forecast = tokio::runtime::Runtime::new()?.block_on(work)?;
    if global.json {
        output::print_line(serde_json::to_string_pretty(&forecast)?)?;
    } else {
        output::print(lay_out(&forecast.render()))?;
    }
    Ok(ExitCode::SUCCESS)
}
