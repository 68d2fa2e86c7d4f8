//! `lambench man`: the help of all commands as manual pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::{Cli, Global};
use crate::output;

/// What `lambench man --help` shows.
pub const EXAMPLES: &str = "Examples:
  lambench man | man -l -
  lambench man --dir ~/.local/share/man/man1        then: man lambench-run-archive";

/// What `lambench man` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Write a page for each command into this folder, instead of printing that of lambench
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the page, or writes all of them.
///
/// # Errors
/// If they cannot be written.
pub fn manual(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("man", true, true)?;
    let mut command = Cli::command();
    // Only then do subcommands have their full names.
    command.build();
    match &arguments.dir {
        Some(dir) => write_pages(&command, dir)
            .with_context(|| format!("cannot write manual pages to {}", dir.display()))?,
        None => output::print(page(&command)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages of a command and of all its subcommands, such as `lambench-run-archive.1`.
fn write_pages(command: &Command, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    let name = command.get_display_name().unwrap_or(command.get_name());
    fs::write(dir.join(format!("{name}.1")), page(command)?)?;
    // The help on help is that of the commands.
    let commands = command.get_subcommands().filter(|command| command.get_name() != "help");
    commands.into_iter().try_for_each(|command| write_pages(command, dir))
}

/// A page, in which examples keep their lines.
fn page(command: &Command) -> Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    let page = String::from_utf8(page)?;
    let Some((before, notes)) = page.split_once(".SH EXTRA\n") else { return Ok(page) };
    let mut text = format!("{before}.SH NOTES\n");
    let mut is_filled = true;
    for line in notes.lines() {
        if is_filled == line.starts_with(' ') {
            text.push_str(if is_filled { ".nf\n" } else { ".fi\n" });
            is_filled = !is_filled;
        }
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}
