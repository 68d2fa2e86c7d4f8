//! `lambench local`: the emulator, the S3 model and PostgreSQL as background processes of one checkout.

mod binaries;
mod certificates;
pub mod code;
pub mod emulator;
mod env;
mod lock;
mod logs;
mod part;
mod ports;
mod postgres;
mod process;
pub mod requests;
mod s3;
pub mod spare_s3;
mod start;
mod status;
mod watch;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::Global;
use crate::project::Project;
use part::Part;
use s3::S3;

const STATUS_EXIT_CODES: &str = "Exit codes:\n  0  everything runs\n  1  failed\n  3  something does not run";

/// The subcommands of `lambench local`.
#[derive(Subcommand)]
pub enum LocalCommand {
    /// Start what is not running, and wait until it answers.
    Start {
        /// Who answers S3's requests
        #[arg(long, value_enum, default_value = "model")]
        s3: S3,
    },
    /// End everything `start` began; buckets, functions and databases are kept for the next start.
    Stop,
    /// Show what runs, where, and since when.
    #[command(after_help = STATUS_EXIT_CODES)]
    Status,
    /// Print the logs of the emulator, the S3 model or PostgreSQL.
    Logs {
        /// Whose log to print.
        #[arg(value_enum, default_value = "emulator")]
        part: Part,
        /// Go on printing what is added, until interrupted.
        #[arg(long, short)]
        follow: bool,
        /// How many of the last lines to print.
        #[arg(long, short = 'n', default_value_t = 50)]
        lines: usize,
    },
    /// Rebuild functions whenever their sources change, and swap them in what is deployed, without `pulumi up`.
    #[command(after_help = watch::HELP)]
    Watch,
    /// Print the variables that point `pulumi` and `aws` at the local environment:
    /// eval "$(lambench local env)"
    #[command(verbatim_doc_comment)]
    Env,
}

/// Run one subcommand in the project around the current folder.
///
/// # Errors
///
/// When there is no project here, or what the subcommand does fails; the message says what to do.
pub fn execute(command: &LocalCommand, global: &Global) -> Result<ExitCode> {
    let project = Project::find()?;
    match command {
        LocalCommand::Start { s3 } => start::start(&project, *s3),
        LocalCommand::Stop => start::stop(&project),
        LocalCommand::Status => status::status(&project, global.json),
        LocalCommand::Logs { part, follow, lines } => logs::logs(&project, *part, *lines, *follow),
        LocalCommand::Watch => watch::watch(&project),
        LocalCommand::Env => env::env(&project, global.json),
    }
}
