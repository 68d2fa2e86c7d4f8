//! The command line.

use clap::{Parser, Subcommand};

use crate::local::LocalCommand;

const EXIT_CODES: &str = "Exit codes:\n  0    done\n  1    failed; the reason is on standard error\n  \
                          2    the command line is wrong\n  130  interrupted";

/// How fast, how cheap and how reliable is a serverless design on AWS?
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Start, stop and look at the local environment: no account, no Docker.
    #[command(subcommand)]
    Local(LocalCommand),
}
