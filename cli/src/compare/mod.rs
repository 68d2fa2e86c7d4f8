//! `lambench compare`: results of one scenario side by side.

mod fail_above;
mod html;
mod pairing;
mod settings_diff;
mod side;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::slice;

use anyhow::Result;

use crate::cli::Global;
use crate::exit::{GATE_MISSED, Usage};
use crate::gates::{Report, junit};
use crate::history::resolve;
use crate::html::{print_written, write_page};
use crate::layout::{Fit, lay_out};
use crate::output;
use crate::result_file::{incomplete, place, where_and_when};
use crate::scenario::out;
use crate::scenario::shared::tables::distinct;
use pairing::Pairing;
pub use settings_diff::{as_text, requested};
use side::Side;

/// What `lambench compare --help` shows.
pub const EXAMPLES: &str = "\
A ratio says faster, slower, cheaper or more expensive only if the runs show it: by Welch's t-test at 95 %, with at least three \
runs of each. A run counts as one value however many requests it made, since they are not independent of each other; in the \
archive contest, each result has several runs of each contender.

Examples:
  Two results, or all of a stack with the oldest:
    lambench compare archive/latest~1 archive/latest --stack dev
    lambench compare results/s3-read/*-dev.json
  Several runs of a design, together, with several runs of another:
    lambench compare results/aurora/*-old.json --against results/aurora/*-new.json
  As a page with the differences, their intervals and the stack's history as pictures, to open in a browser:
    lambench compare archive/latest~1 archive/latest --stack dev --html compare.html
  In CI: exit code 3 if anything is more than 10 % worse:
    lambench compare main.json branch.json --fail-above 10% --junit gates.xml";

/// What `lambench compare` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files that `lambench run` wrote, or 'archive/latest' and the like; the others are compared with the first
    #[arg(value_name = "RESULT", required = true, num_args = 1..=26)]
    files: Vec<PathBuf>,
    /// Compare all RESULTs together, as runs of one design, with these, as runs of another
    #[arg(long, value_name = "RESULT", num_args = 1..)]
    against: Vec<PathBuf>,
    /// End with exit code 3 if a time, rate, price, gain or number of failures is worse than A's by more than this, such as
    /// 10%, or if a check failed
    #[arg(long, value_name = "PERCENT", value_parser = fail_above::percent)]
    fail_above: Option<fail_above::Percent>,
    #[arg(
        long,
        value_name = "FILE",
        requires = "fail_above",
        help = "Write each gate and its outcome as JUnit XML"
    )]
    junit: Option<PathBuf>,
    /// Also write one HTML page with pictures; it needs no network and can be sent to somebody
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    fit: Fit,
}

/// Prints results side by side.
///
/// # Errors
/// If one cannot be read, or they have nothing to do with each other.
pub fn compare(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("compare", false, true)?;
    let sides = read(arguments, global.stack.as_deref())?;
    let pairing = Pairing::of(&sides);
    arguments.fit.apply();
    output::print(lay_out(&render(&sides, &pairing)))?;
    if let Some(page) = &arguments.html {
        let histories = html::History::of(&sides);
        write_page(page, &html::render(&sides, &pairing, &histories))?;
        print_written(page)?;
    }
    let Some(limit) = arguments.fail_above else { return Ok(ExitCode::SUCCESS) };
    let report = Report {
        suite: format!("lambench compare, {}", sides[0].scenario()),
        gates: fail_above::gates(&sides, &pairing, limit),
        failed_checks: sides.iter().flat_map(Side::failed_checks).collect(),
    };
    output::print(format_args!("\n{}", fail_above::render(&report, limit)))?;
    if let Some(file) = &arguments.junit {
        junit::write(file, &report)?;
    }
    Ok(if report.is_passed() { ExitCode::SUCCESS } else { ExitCode::from(GATE_MISSED) })
}

/// A side for each file, or with `--against` two.
fn read(arguments: &Arguments, stack: Option<&str>) -> Result<Vec<Side>> {
    let (files, against) = (resolve(&arguments.files, stack)?, resolve(&arguments.against, stack)?);
    let sides: Vec<Result<Side>> = match (files.as_slice(), against.as_slice()) {
        ([_], []) => {
            return Err(
                Usage("there is nothing to compare it with: give two files at least".to_owned()).into()
            );
        }
        (files, []) => {
            ('A'..='Z').zip(files).map(|(letter, file)| Side::read(letter, slice::from_ref(file))).collect()
        }
        (files, against) => [('A', files), ('B', against)]
            .into_iter()
            .map(|(letter, files)| Side::read(letter, files))
            .collect(),
    };
    let sides: Vec<Side> = sides.into_iter().collect::<Result<_>>()?;
    side::must_be_alike(&sides)?;
    Ok(sides)
}

fn render(sides: &[Side], pairing: &Pairing) -> String {
    let mut text = String::new();
    if let Some(result) = sides.first().and_then(Side::results_first) {
        let _ = writeln!(text, "{}, compared with A ({})", result.run.scenario, place(&result.environment));
    }
    for Side { letter, runs } in sides {
        for (file, result) in runs {
            let (file, stack) = (file.display(), &result.environment.stack);
            let commit = result.run.git_commit.as_deref().unwrap_or("unknown");
            let _ = writeln!(
                text,
                "{letter}: {file}: stack {stack}, {}, commit {commit}",
                where_and_when(result)
            );
            if let Some(lacks) = incomplete(result) {
                let _ = writeln!(text, "{letter}: {lacks}");
            }
            for check in &result.failed_checks {
                let _ = writeln!(text, "{letter}: ERROR: {check}");
            }
            for out in out(result) {
                let _ = writeln!(text, "{letter}: {out}");
            }
        }
    }
    let figures = table::figures(sides, pairing);
    let notes = table::notes(sides, pairing, &figures);
    let parts = [settings_diff::differences(sides), figures, notes, warnings(sides)];
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let _ = writeln!(text, "\n{part}");
    }
    text
}

fn warnings(sides: &[Side]) -> String {
    let lines =
        each_warning(sides).into_iter().map(|(letters, warning)| format!("{letters}: warning: {warning}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Each warning once, with the sides that have it.
fn each_warning(sides: &[Side]) -> Vec<(String, &String)> {
    let all: Vec<(char, Vec<&String>)> = sides.iter().map(|side| (side.letter, side.warnings())).collect();
    let with_letters = |warning| {
        let of = all.iter().filter(|(_, warnings)| warnings.contains(&warning));
        (of.map(|(letter, _)| letter.to_string()).collect::<Vec<_>>().join(", "), warning)
    };
    distinct(all.iter().flat_map(|(_, warnings)| warnings.iter().copied()))
        .into_iter()
        .map(with_letters)
        .collect()
}
