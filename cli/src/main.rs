//! `lambench`: runs scenarios, shows, compares and reports their results, checks contenders, and starts the local environment.

#![warn(clippy::print_stdout, clippy::print_stderr)] // they panic where nobody reads any more; see `output`

mod aws;
mod cli;
mod compare;
mod completions;
mod csv;
mod duration;
mod estimate;
mod exit;
mod gates;
mod history;
mod html;
mod init;
mod layout;
mod live;
mod local;
mod logs;
mod manual;
mod open_metrics;
mod output;
mod plan;
mod price_list;
mod progress;
mod project;
mod proxy;
mod report;
mod result_file;
mod run;
mod scenario;
mod show;
mod shutdown;
mod significance;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use cli::{CheckCommand, Cli, Command, Global, InitCommand, PlanCommand};
use scenario::archive::check;

fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    execute(&command, &global).unwrap_or_else(|error| {
        output::print_error(format_args!("error: {error:#}"));
        exit::code(&error)
    })
}

fn execute(command: &Command, global: &Global) -> Result<ExitCode> {
    match command {
        Command::Run(arguments) => run::run(arguments, global),
        Command::Estimate(arguments) => estimate::estimate(arguments, global),
        Command::List(arguments) => history::list(arguments, global),
        Command::Show(arguments) => show::show(arguments, global),
        Command::Compare(arguments) => compare::compare(arguments, global),
        Command::Report(arguments) => report::report(arguments, global),
        Command::Logs(arguments) => logs::logs(arguments, global),
        Command::Plan(PlanCommand::Archive(arguments)) => plan::archive::plan(arguments, global),
        Command::Check(CheckCommand::Contender(options)) => check::run(options, global),
        Command::Init(InitCommand::Contender(arguments)) => init::contender(arguments, global),
        Command::Completions(arguments) => completions::completions(arguments, global),
        Command::Man(arguments) => manual::manual(arguments, global),
        Command::Local(command) => {
            let (name, takes_stack, takes_json) = command.global_options();
            global.refuse(name, !takes_stack, !takes_json)?;
            local::execute(command, global.stack.as_deref(), global.json, global.progress)
        }
    }
}
