//! `lambench`: runs scenarios, shows, compares and reports their results, checks contenders, and starts the local environment.

mod aws;
mod capacity;
mod changed;
mod cli;
#[cfg(test)]
mod command_line;
mod compare;
mod execution;
mod exit;
mod interrupt;
mod invoke;
mod local;
mod measured;
mod progress;
mod project;
mod queue;
mod record;
mod report;
mod reports;
mod result_file;
mod run;
mod scenario;
mod show;
mod site;
mod stack;
mod text;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use cli::{CheckCommand, Cli, Command};

fn main() -> ExitCode {
    execute(&Cli::parse().command).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit::code(&error)
    })
}

fn execute(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Show(arguments) => show::show(arguments),
        Command::Compare(arguments) => compare::compare(arguments),
        Command::Report(arguments) => report::report(arguments),
        Command::Check(CheckCommand::Contender(options)) => scenario::archive::check::run(options),
        Command::Local(command) => local::execute(command),
    }
}
