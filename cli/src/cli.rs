//! The command line.

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::exit::Usage;
use crate::local::LocalCommand;
use crate::plan::archive as plan_archive;
use crate::progress::Mode;
use crate::scenario::archive::check;
use crate::{compare, completions, estimate, history, init, logs, manual, report, run, show};

const EXAMPLES_AND_EXIT_CODES: &str = "Examples:
  lambench local start                    start the local environment
  eval \"$(lambench local env)\"           point pulumi, aws and lambench at it
  lambench run archive --stack dev        run the archive contest on a deployed stack
  lambench run archive --json | jq .archive.success[0]
  lambench run aurora --action TPCB --to 16 --stack dev
                                          ramp up load on Aurora PostgreSQL
  lambench run pipeline --rate 200 --duration 60s --ramp 10s --stack dev
                                          send messages through a stream to Aurora
  lambench run s3-read --max-objects 500 --stack dev
                                          read a bucket in two ways
  lambench run splitter --concurrency 1,5,10 --stack dev
                                          split an event through a queue
  lambench run archive --memory 128,512,1024,1769 --stack dev
                                          what memory buys, in any scenario
  lambench run splitter --live --stack dev
                                          watch a run in the browser
  lambench estimate archive --stack dev   what a run would cost, before it is run
  lambench check contender contenders/rust/stream
                                          try it with every input, and with S3 failing
  lambench plan archive --stack dev       what each design of an archive should take
  lambench list archive --trend           all results of a scenario, and how they changed
  lambench show latest                    the newest result
  lambench compare s3-read/latest~1 s3-read/latest
                                          results of one scenario side by side
  lambench run pipeline --threshold 'pipeline.http.p99<200ms' --junit gates.xml
                                          a gate for CI: exit code 3 if it is missed
  lambench logs upstream --follow --stack dev
                                          what a function logs
  lambench report > report.md             the newest result of each scenario
  lambench report --html report.html      as one page with pictures
  lambench report --metrics               as OpenMetrics, for Prometheus

Exit codes:\n  0    done\n  1    failed; the reason is on standard error\n  \
                          2    the command line is wrong\n  \
                          3    a gate was missed: --threshold, --fail-on, --fail-above\n  \
                          130  interrupted: 'lambench run' writes what it has measured";

/// How fast, how cheap and how reliable is a serverless design on AWS?
#[derive(Parser)]
#[command(version, after_help = EXAMPLES_AND_EXIT_CODES)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes, in front of it or behind.
#[derive(Debug, Args)]
pub struct Global {
    /// The Pulumi stack [default: the selected one]
    #[arg(long, short, global = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub stack: Option<String>,
    /// How to show progress, on standard error
    #[arg(long, global = true, default_value = "auto")]
    pub progress: Mode,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// Refuses what a command cannot follow, rather than ignore it.
    ///
    /// # Errors
    /// [`Usage`] if such an option is given.
    pub fn refuse(&self, command: &str, stack: bool, json: bool) -> Result<()> {
        let given = [("--stack", stack && self.stack.is_some()), ("--json", json && self.json)];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => {
                Err(Usage(format!("lambench {command} has no {option}: leave it out")).into())
            }
            None => Ok(()),
        }
    }
}

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Run a scenario on a deployed stack, print the result and write it to results/
    Run(run::Arguments),
    /// Say what a run would cost, how long it would take, and which limits it would meet, without running anything
    #[command(after_help = estimate::EXAMPLES)]
    Estimate(estimate::Arguments),
    /// List the results in results/, the newest first, or how they have changed
    #[command(after_help = history::EXAMPLES)]
    List(history::Arguments),
    /// Print a result again
    #[command(after_help = format!("{}\n\n{}", show::EXAMPLES, history::HELP))]
    Show(show::Arguments),
    /// Print results of one scenario side by side
    #[command(after_help = format!("{}\n\n{}", compare::EXAMPLES, history::HELP))]
    Compare(compare::Arguments),
    /// Print results as one Markdown document or as OpenMetrics, or write one HTML page
    #[command(after_help = report::EXAMPLES)]
    Report(report::Arguments),
    /// Print what a deployed function has logged
    #[command(after_help = logs::EXAMPLES)]
    Logs(logs::Arguments),
    /// Print what a scenario should take, before anything runs
    #[command(subcommand, disable_help_subcommand = true)]
    Plan(PlanCommand),
    /// Check what you add to a scenario
    #[command(subcommand, disable_help_subcommand = true)]
    Check(CheckCommand),
    /// Start, stop and look at the local environment: no account, no Docker.
    #[command(subcommand)]
    Local(LocalCommand),
    /// Create a starting point for extending a scenario
    #[command(subcommand, disable_help_subcommand = true)]
    Init(InitCommand),
    /// Print a completion script for a shell
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::Arguments),
    /// Print the manual page
    #[command(after_help = manual::EXAMPLES)]
    Man(manual::Arguments),
}

/// The subcommands of `lambench init`.
#[derive(Subcommand)]
pub enum InitCommand {
    /// Create a contender of the archive contest from a template, for you to change
    #[command(after_help = init::EXAMPLES)]
    Contender(init::Arguments),
}

/// The subcommands of `lambench plan`.
#[derive(Subcommand)]
pub enum PlanCommand {
    /// Predict the time and the price of each design of an archive on a stack's bucket
    #[command(after_help = plan_archive::EXAMPLES)]
    Archive(plan_archive::Arguments),
}

/// The subcommands of `lambench check`.
#[derive(Subcommand)]
pub enum CheckCommand {
    /// Test contenders of the archive contest with every kind of input
    #[command(after_help = check::EXAMPLES)]
    Contender(check::Options),
}
