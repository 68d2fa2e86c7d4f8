//! `lambench list`: the results there are.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;
use results::file::{Kind, RunResult};
use serde::Serialize;

use super::{History, table, trend};
use crate::cli::Global;
use crate::layout::Fit;
use crate::output;
use crate::result_file::{from_here, read};
use crate::scenario::shared::headline::Headline;
use crate::scenario::{Command, headline};

/// What `lambench list --help` shows.
pub const EXAMPLES: &str = "\
The figure is the one that decides a scenario, of the contender, variant or concurrency that it names: the lowest price of a \
contest, Aurora's highest throughput, the pipeline's 99th percentile, the most MB/s per function, the splitter's shortest elapsed time.

A trend has the mean of each measured quantity, run by run, of runs with the same settings and options on the same stack. A \
change is only called one if it is larger than chance explains (Welch's t-test at 95 %): between the runs of the first and of \
the latest contest, or where a result is a single run, between the first three results and the latest three. On a terminal, \
blocks show each value's share of the largest one; elsewhere, the values are printed.

Examples:
  lambench list                                   all results, the newest first
  lambench list archive --stack dev
  lambench list --json | jq -r '.[].file'
  lambench list archive --trend                   has it become faster?";

/// What `lambench list` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only results of this scenario
    #[arg(value_parser = Command::names_parser())]
    scenario: Option<String>,
    /// Show how each measured quantity has changed from run to run
    #[arg(long)]
    trend: bool,
    #[command(flatten)]
    fit: Fit,
}

/// A result, as the list has it.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// When it began.
    pub started_at: Timestamp,
    /// The scenario's name.
    pub scenario: String,
    /// The stack's name.
    pub stack: String,
    /// AWS or local.
    pub kind: Kind,
    /// The figure that decides; none if nothing came of the run, or its checks failed.
    pub figure: Option<Headline>,
    /// What makes the figures unfit for use.
    pub failed_checks: Vec<String>,
    /// Whether the user ended the run early.
    pub is_incomplete: bool,
    /// Where it is.
    pub file: PathBuf,
}

/// A file that is no result.
#[derive(Debug, Serialize)]
pub struct Unreadable {
    /// Where it is.
    pub file: PathBuf,
    /// Why it isn't one.
    pub error: String,
}

/// Prints what there is.
///
/// # Errors
/// If the results cannot be listed; one that cannot be read is listed as such.
pub fn list(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    arguments.fit.apply();
    let history = History::find()?.only(arguments.scenario.as_deref(), global.stack.as_deref());
    let (results, unreadable) = read_all(&history);
    if arguments.trend {
        trend::print(&results, global.json)?;
    } else if global.json {
        let results = results.iter().map(|(file, result)| serde_json::to_value(listed(file, result)));
        let unreadable = unreadable.iter().map(serde_json::to_value);
        let all = results.chain(unreadable).collect::<Result<Vec<_>, _>>()?;
        output::print_line(serde_json::to_string_pretty(&all)?)?;
        return Ok(ExitCode::SUCCESS);
    } else if !results.is_empty() {
        let listed: Vec<_> = results.iter().map(|(file, result)| listed(file, result)).collect();
        output::print_line(table::table(&listed))?;
    }
    if results.is_empty() {
        output::print_error("there are no such results: 'lambench run' writes them to results/");
    }
    for Unreadable { error, .. } in &unreadable {
        output::print_error(format_args!("warning: {error}: it is left out"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The results, newest first, and what is none.
pub fn read_all(history: &History) -> (Vec<(PathBuf, RunResult)>, Vec<Unreadable>) {
    let (mut results, mut unreadable) = (Vec::new(), Vec::new());
    for stored in &history.results {
        let file = from_here(&stored.file);
        match read(&file) {
            Ok(result) => results.push((file, result)),
            Err(error) => unreadable.push(Unreadable { file, error: format!("{error:#}") }),
        }
    }
    unreadable.extend(history.foreign.iter().map(|file| {
        let file = from_here(file);
        let error = format!(
            "{} is not named <UTC time>Z-<stack>.json, as 'lambench run' names a result",
            file.display()
        );
        Unreadable { file, error }
    }));
    (results, unreadable)
}

fn listed(file: &Path, result: &RunResult) -> Listed {
    Listed {
        started_at: result.run.started_at,
        scenario: result.run.scenario.clone(),
        stack: result.environment.stack.clone(),
        kind: result.environment.kind,
        figure: headline(result).filter(|_| result.is_fit()),
        failed_checks: result.failed_checks.clone(),
        is_incomplete: result.incomplete.is_some(),
        file: file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use results::file::Incomplete;

    use super::*;

    #[test]
    fn figures_of_a_run_whose_checks_failed_are_not_listed() {
        let mut result = read(Path::new("tests/v1/splitter.json")).unwrap();
        let file = Path::new("results/splitter/2026-11-29T18-34-32Z-dev.json");
        assert!(result.is_fit() && listed(file, &result).figure.is_some());
        result.incomplete = Incomplete::interrupted(vec!["512 MB".to_owned()]);
        assert!(listed(file, &result).figure.is_none() && listed(file, &result).is_incomplete);
        result.incomplete = None;
        result.failed_checks.push("1 item lost".to_owned());
        assert_eq!(listed(file, &result).figure, None);
    }

    #[test]
    fn each_scenario_has_its_deciding_figure() {
        let scenarios = ["archive", "aurora", "pipeline", "s3-read", "splitter"];
        let results = scenarios.map(|name| {
            let file = PathBuf::from(format!("tests/v1/{name}.json"));
            let result = read(&file).unwrap();
            listed(&file, &result)
        });
        insta::assert_snapshot!(table::table(&results));
    }
}
