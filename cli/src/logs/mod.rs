//! `lambench logs`: what a stack's functions have written to CloudWatch Logs.

mod event;
mod functions;
mod log;
mod window;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use aws_config::SdkConfig;
use protocol::deployment::Deployment;
use tokio::time::sleep;

use crate::aws;
use crate::cli::Global;
use crate::duration;
use crate::output::{self, Unread};
use crate::project::Project;
use crate::scenario::shared::deployment::every_scenario;
use crate::shutdown::Stop;
use event::{Event, Format};
use functions::Function;
use log::Log;
use window::Window;

/// The end of `lambench logs --help`.
pub const EXAMPLES: &str = "\
FUNCTION is a function's short name, such as `upstream`; the error for an unknown name lists all of them. If several scenarios \
have a function of that name, as with `tally`, all are printed; `pipeline/tally` means one. A scenario's name stands for all its \
functions. Events of several functions are printed in order of time, each behind its function's name.

A scenario has one run at a time on a stack. So the events of a run are those between its start, which is part of its id, and \
its end, which is in its result file; times are this machine's. Without a result file (it failed, or is still under way) they are \
those since its start.

Ctrl-C ends --follow with exit code 0.

Examples:
  What a function wrote in the last 10 minutes:
    lambench logs upstream --stack dev
  Everything that a scenario's functions write from now on, until Ctrl-C:
    lambench logs pipeline --since 0s --follow --stack dev
  Why a contender failed in a run:
    lambench logs rust-stream --run lambench-20261130T102643512Z --stack dev
  The id of a run:
    lambench show results/archive/….json --json | jq -r .run.id
  For programs, an object per line:
    lambench logs upstream --json | jq -r .message";

/// Between two looks for new events.
const POLL: Duration = Duration::from_secs(2);

/// What `lambench logs` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The function, or the scenario whose functions are meant
    function: String,
    /// Only the events of a run: its id, as its result file has it
    #[arg(long, value_name = "ID", conflicts_with = "since")]
    run: Option<String>,
    /// How far to look back, such as 30s, 10m or 2h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration::parse)]
    since: Duration,
    /// Keep printing new events until Ctrl-C
    #[arg(long, short)]
    follow: bool,
}

/// Prints the log events of one of a stack's functions, or of several.
///
/// # Errors
/// If the stack has no such function or run, or CloudWatch Logs fails.
pub fn logs(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    let project = Project::find()?;
    let deployments = every_scenario(global.stack.as_deref())?;
    let found = functions::find(&deployments, &arguments.function)?;
    let Some(deployment) = deployments.values().next() else { bail!("the stack deploys no scenario") };
    let window = match &arguments.run {
        Some(id) => window::of_run(&project, id, &deployment.stack)?,
        None => window::last(arguments.since),
    };
    let chosen = window.only_its_scenario(found)?;
    if arguments.follow {
        window.check_open()?;
    }
    let printed = tokio::runtime::Runtime::new()?.block_on(async {
        let stop = Stop::default();
        stop.listen();
        let config = aws::config(deployment).await;
        let printer = Printer { format: Format::of(&chosen, global.json), chosen: &chosen };
        let printing = printer.print(&config, deployment, &window, arguments.follow);
        if !arguments.follow {
            return printing.await;
        }
        tokio::select! {
            ended = printing => ended,
            // That is how following ends.
            () = stop.requested() => Ok(()),
        }
    });
    match printed {
        Err(error) if error.is::<Unread>() => Ok(ExitCode::SUCCESS),
        printed => printed.map(|()| ExitCode::SUCCESS),
    }
}

/// Prints events of some functions.
struct Printer<'a> {
    chosen: &'a [Function],
    format: Format,
}

impl Printer<'_> {
    async fn print(
        &self,
        config: &SdkConfig,
        deployment: &Deployment,
        window: &Window,
        follow: bool,
    ) -> Result<()> {
        let mut logs: Vec<Log<'_>> =
            self.chosen.iter().map(|function| Log::new(config, deployment, function, window)).collect();
        let count = self.print_new(&mut logs).await?;
        if follow {
            return self.follow(&mut logs).await;
        }
        if count == 0 {
            let names = self.chosen.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            output::print_error(format_args!("{names}: no events {window}"));
        }
        Ok(())
    }

    /// Prints what is new until it fails, or nobody reads any more.
    async fn follow(&self, logs: &mut [Log<'_>]) -> Result<()> {
        loop {
            sleep(POLL).await;
            self.print_new(logs).await?;
        }
    }

    /// Prints what each log has that wasn't printed yet; returns how many events these were.
    async fn print_new(&self, logs: &mut [Log<'_>]) -> Result<usize> {
        if let ([function], [log]) = (self.chosen, &mut *logs) {
            // A log may be long: each page is printed as it comes.
            return log.read_new(|event| output::print_while_read(self.format.line(function, &event))).await;
        }
        let mut events: Vec<(&Function, Event)> = Vec::new();
        for (function, log) in self.chosen.iter().zip(logs) {
            log.read_new(|event| {
                events.push((function, event));
                Ok(())
            })
            .await?;
        }
        events.sort_by_key(|(_, event)| event.at_ms);
        for (function, event) in &events {
            output::print_while_read(self.format.line(function, event))?;
        }
        Ok(events.len())
    }
}
