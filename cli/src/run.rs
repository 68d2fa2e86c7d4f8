//! `lambench run`: triggers a scenario, follows it, and writes its result.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use results::file::{Incomplete, RunResult};

use crate::cli::Global;
use crate::csv;
use crate::exit::{self, Interrupted};
use crate::gates::{GateOptions, Gates};
use crate::html;
use crate::layout::{Fit, lay_out};
use crate::live::Live;
use crate::output;
use crate::progress::Mode;
use crate::project::Project;
use crate::result_file::from_here;
use crate::scenario::Command;
use crate::scenario::shared::estimate::Guard;
use crate::scenario::shared::run::Start;
use crate::show;
use crate::shutdown::Stop;

/// What `lambench run` takes.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    /// The scenario to run
    #[command(subcommand)]
    scenario: Command,
    /// Print nothing but the path of the result file
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Print every statistic and cost as comma-separated values
    #[arg(long, global = true, conflicts_with = "quiet")]
    csv: bool,
    /// Also write the result as one HTML page with pictures
    #[arg(long, global = true, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Show the run in a browser while it goes on: prints the address of a page on this machine, which at the end becomes the
    /// page of --html, in its file or beside the result
    #[arg(long, global = true)]
    live: bool,
    /// What it may cost.
    #[command(flatten)]
    guard: Guard,
    #[command(flatten)]
    fit: Fit,
    /// What its result has to keep.
    #[command(flatten)]
    gates: GateOptions,
}

/// Runs a scenario and prints its result.
///
/// # Errors
/// If the run fails; a run whose checks failed is a result as well, and ends with exit code 1, and so is one that the user has
/// stopped, with 130; one of which only a gate was missed ends with 3. [`Interrupted`] if there is no result because the user
/// stopped it.
pub fn run(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    arguments.fit.apply();
    let gates = arguments.gates.of(arguments.scenario.name())?;
    let project = Project::find()?;
    let live = arguments.live.then(|| Live::start(arguments.scenario.name())).transpose()?;
    let ended = execute(arguments, global, &gates, project, live.as_ref());
    if let Some(live) = live {
        live.end(ended.as_ref().err());
    }
    ended
}

fn execute(
    arguments: &Arguments,
    global: &Global,
    gates: &Gates<'_>,
    project: Project,
    live: Option<&Live>,
) -> Result<ExitCode> {
    let root = project.root.clone();
    let stop = Stop::default();
    let progress = if arguments.quiet { Mode::None } else { global.progress };
    let stack = global.stack.as_deref();
    let start = Start { project, stack, progress, stop: stop.clone(), guard: arguments.guard };
    let work = arguments.scenario.run(start);
    let result = tokio::runtime::Runtime::new()?.block_on(work).map_err(without_result)?;
    let file = from_here(&write(&root.join("results"), &result)?);
    if global.json {
        output::print_line(serde_json::to_string_pretty(&result)?)?;
    } else if arguments.csv {
        output::print(csv::render(&result)?)?;
    } else if arguments.quiet {
        output::print_line(file.display())?;
    } else {
        output::print(lay_out(&show::render_ranked(&result, arguments.scenario.rank_by())))?;
        output::print_line(format_args!("result: {}", file.display()))?;
    }
    let is_for_program = global.json || arguments.csv || arguments.quiet;
    if let Some(page) = arguments.page(&file) {
        html::write(&page, std::slice::from_ref(&result))
            .with_context(|| format!("the result is in {}, but it has no page", file.display()))?;
        if let Some(live) = live {
            live.show(&page)?;
            say_where(&page, is_for_program)?;
        }
    }
    let ended = gates.end(&result, is_for_program)?;
    if !result.failed_checks.is_empty() {
        let checks = result.failed_checks.join("; ");
        output::print_error(format_args!("error: the run's checks failed: {checks}"));
    }
    if stop.is_requested() {
        output::print_error(format_args!("interrupted: {}", what_there_is(&result)));
        return Ok(exit::INTERRUPTED.into());
    }
    Ok(if result.failed_checks.is_empty() { ended } else { ExitCode::FAILURE })
}

impl Arguments {
    /// Where a result's page goes, if it is to have one.
    fn page(&self, result: &Path) -> Option<PathBuf> {
        self.html.clone().or_else(|| self.live.then(|| result.with_extension("html")))
    }
}

/// Standard output is for a program where one reads it.
fn say_where(page: &Path, is_for_program: bool) -> Result<()> {
    if is_for_program {
        output::print_error(format_args!("page: {}", page.display()));
        return Ok(());
    }
    html::print_written(page)
}

/// What became of a result that the user did not wait for.
fn what_there_is(result: &RunResult) -> String {
    result.incomplete.as_ref().map_or_else(
        || "everything had been measured, so the result is complete".to_owned(),
        |Incomplete { missing, .. }| format!("the result is incomplete; missing: {}", missing.join("; ")),
    )
}

/// An interrupted run that has nothing to write says so.
fn without_result(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Interrupted>() {
        Ok(Interrupted(what)) => Interrupted(format!("no result was written; {what}")).into(),
        Err(error) => error,
    }
}

/// Writes a result to `<folder>/<scenario>/<UTC time>-<stack>.json`.
fn write(folder: &Path, result: &RunResult) -> Result<PathBuf> {
    let folder = folder.join(&result.run.scenario);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let time = result.run.started_at.strftime("%Y-%m-%dT%H-%M-%SZ");
    let file = folder.join(format!("{time}-{}.json", result.environment.stack));
    let text = serde_json::to_string_pretty(result)? + "\n";
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use clap::Parser as _;

    use super::*;
    use crate::result_file::read;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn a_live_run_leaves_its_page_where_it_was_told_or_beside_the_result() {
        let page = |line: &str| {
            let words = std::iter::once("run").chain(line.split(' '));
            let arguments = Line::try_parse_from(words).unwrap().arguments;
            arguments.page(Path::new("results/splitter/2026-11-30T10-00-00Z-v1.2.json"))
        };
        let beside = "results/splitter/2026-11-30T10-00-00Z-v1.2.html";
        assert_eq!(page("splitter --live"), Some(beside.into()));
        assert_eq!(page("splitter --live --html a.html"), Some("a.html".into()));
        assert_eq!(page("splitter --html a.html"), Some("a.html".into()));
        assert_eq!(page("splitter"), None);
    }

    #[test]
    fn an_interrupted_run_says_what_it_lacks_or_that_it_lacks_everything() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        assert_eq!(what_there_is(&result), "everything had been measured, so the result is complete");
        result.incomplete = Incomplete::interrupted(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(what_there_is(&result), "the result is incomplete; missing: a; b");
        let error = without_result(Interrupted("no message was sent".to_owned()).into());
        assert_eq!(error.to_string(), "interrupted: no result was written; no message was sent");
        assert!(error.is::<Interrupted>(), "exit code 130");
        assert_eq!(without_result(anyhow!("no queue")).to_string(), "no queue");
    }
}
