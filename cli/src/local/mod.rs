//! `lambench local`: the emulator, the S3 model and PostgreSQL as background services of one checkout.

pub mod aws;
mod certificates;
mod choice;
mod cpu_mode;
pub mod emulator;
mod environment;
pub mod ephemeral_s3;
mod executable;
pub mod function_code;
pub mod http;
mod lock;
mod logs;
mod ports;
mod postgres;
mod process;
mod processor;
mod s3_backend;
mod s3_in_use;
mod s3_model;
mod s3_tls;
pub mod secret;
mod service;
mod start;
mod status;
mod stop;
mod trust;
mod watch;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::progress::Mode;
use crate::project::Project;
use cpu_mode::CpuMode;
use s3_backend::S3Backend;
pub use s3_in_use::s3_in_use;
use s3_tls::S3Tls;
use service::Service;

const STATUS_EXIT_CODES: &str =
    "Exit codes:\n  0  everything is running\n  1  failed\n  3  something is not running";

/// The subcommands of `lambench local`.
#[derive(Subcommand)]
pub enum LocalCommand {
    /// Start what is not running, and wait until it responds.
    Start {
        /// What answers S3's requests
        #[arg(long, value_enum, default_value = "model")]
        s3: S3Backend,
        /// Whether S3 is reached over TLS, as on AWS; the emulator's S3 has none
        #[arg(long, value_enum, default_value = "on")]
        s3_tls: S3Tls,
        /// How much of a processor functions get
        #[arg(long, value_enum, default_value = "share")]
        cpu: CpuMode,
    },
    /// Stop everything that `start` started; buckets, functions and databases are kept for the next start.
    Stop,
    /// Show what is running, where and since when, and what limits functions to their share of a processor.
    #[command(after_help = STATUS_EXIT_CODES)]
    Status,
    /// Print the logs of the emulator, the S3 model or PostgreSQL.
    Logs {
        /// The service whose log to print.
        #[arg(value_enum, default_value = "emulator")]
        service: Service,
        /// Keep printing what is added, until interrupted.
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
    Env {
        /// Print what undoes that in this shell: eval "$(lambench local env --unset)"
        #[arg(long)]
        unset: bool,
    },
}

impl LocalCommand {
    /// Its name, and whether it takes `--stack` and `--json`.
    pub fn global_options(&self) -> (&'static str, bool, bool) {
        match self {
            Self::Start { .. } => ("local start", false, false),
            Self::Stop => ("local stop", false, false),
            Self::Status => ("local status", false, true),
            Self::Logs { .. } => ("local logs", false, false),
            Self::Watch => ("local watch", true, false),
            Self::Env { unset } => ("local env", false, !unset),
        }
    }
}

/// Runs one subcommand in the project around the current folder.
///
/// # Errors
///
/// When there is no project here, or what the subcommand does fails; the message says what to do.
pub fn execute(command: &LocalCommand, stack: Option<&str>, json: bool, progress: Mode) -> Result<ExitCode> {
    let project = Project::find()?;
    match command {
        LocalCommand::Start { s3, s3_tls, cpu } => start::start(&project, *s3, *s3_tls, *cpu, progress),
        LocalCommand::Stop => stop::stop(&project),
        LocalCommand::Status => status::status(&project, json),
        LocalCommand::Logs { service, follow, lines } => logs::logs(&project, *service, *lines, *follow),
        LocalCommand::Watch => watch::watch(&project, stack),
        LocalCommand::Env { unset: true } => environment::print_end(&project),
        LocalCommand::Env { unset: false } => environment::print(&project, json),
    }
}
