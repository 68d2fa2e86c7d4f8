//! `lambench completions`: what makes a shell complete commands and options.

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, ValueEnum};
use clap_complete::generate;

use crate::cli::{Cli, Global};
use crate::output;

/// What `lambench completions --help` shows.
pub const EXAMPLES: &str = "Examples:
  lambench completions bash > ~/.local/share/bash-completion/completions/lambench
  lambench completions zsh > ~/.zfunc/_lambench     in .zshrc: fpath+=~/.zfunc, before compinit
  lambench completions fish > ~/.config/fish/completions/lambench.fish";

/// What `lambench completions` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Shells that read completions.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl From<Shell> for clap_complete::Shell {
    fn from(shell: Shell) -> Self {
        match shell {
            Shell::Bash => Self::Bash,
            Shell::Zsh => Self::Zsh,
            Shell::Fish => Self::Fish,
        }
    }
}

/// Prints the script.
///
/// # Errors
/// If standard output cannot be written.
pub fn completions(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("completions", true, true)?;
    let mut script = Vec::new();
    generate(clap_complete::Shell::from(arguments.shell), &mut Cli::command(), "lambench", &mut script);
    output::write(&script)?;
    Ok(ExitCode::SUCCESS)
}
