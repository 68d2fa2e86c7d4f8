//! `lambench compare`: results of one scenario side by side.

mod aggregate;
mod by_memory;
mod settings_diff;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use results::file::RunResult;

use crate::cli::Global;
use crate::history::resolve;
use crate::layout::{Fit, lay_out};
use crate::output;
use crate::result_file::{incomplete, place, read, where_and_when};

/// What `lambench compare --help` shows.
pub const EXAMPLES: &str = "Examples:
  lambench compare results/archive/2026-11-21T10-00-00Z-dev.json results/archive/2026-11-21T11-00-00Z-dev.json
  lambench compare archive/latest~1 archive/latest --stack dev
  lambench compare results/s3-read/*-dev.json       all of a stack, with the oldest";

/// What `lambench compare` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files that `lambench run` wrote, or 'archive/latest' and the like; the others are compared with the first
    #[arg(value_name = "RESULT", required = true, num_args = 2..=26)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    fit: Fit,
}

/// A result, and what it is called beside the others.
struct Side {
    letter: char,
    file: PathBuf,
    result: RunResult,
}

/// Prints results side by side.
///
/// # Errors
/// If one cannot be read, or they have nothing to do with each other.
pub fn compare(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("compare", false, true)?;
    let files = resolve(&arguments.files, global.stack.as_deref())?;
    let side = |(letter, file): (char, &PathBuf)| {
        let result = read(file)?;
        Ok(Side { letter, file: file.clone(), result })
    };
    let mut sides: Vec<Side> = ('A'..='Z').zip(&files).map(side).collect::<Result<_>>()?;
    for pair in sides.windows(2) {
        must_be_alike(&pair[0], &pair[1])?;
    }
    by_memory::name_alike(&mut sides);
    arguments.fit.apply();
    output::print(lay_out(&render(&sides)))?;
    Ok(ExitCode::SUCCESS)
}

/// Apples beside oranges, or a laptop beside AWS, would be wrong numbers.
fn must_be_alike(one: &Side, other: &Side) -> Result<()> {
    let files = format!("{} and {}", one.file.display(), other.file.display());
    let (one, other) = (&one.result, &other.result);
    let scenarios = (&one.run.scenario, &other.run.scenario);
    if scenarios.0 != scenarios.1 {
        bail!(
            "{files} are results of {} and {}: compare results of the same scenario",
            scenarios.0,
            scenarios.1
        );
    }
    if one.environment.kind != other.environment.kind {
        bail!("one of {files} is local, the other from AWS: compare results of the same kind");
    }
    Ok(())
}

fn render(sides: &[Side]) -> String {
    let mut text = String::new();
    if let Some(Side { result, .. }) = sides.first() {
        let _ = writeln!(text, "{}, compared with A ({})", result.run.scenario, place(&result.environment));
    }
    for Side { letter, file, result } in sides {
        let (file, stack) = (file.display(), &result.environment.stack);
        let commit = result.run.git_commit.as_deref().unwrap_or("unknown");
        let _ =
            writeln!(text, "{letter}: {file}: stack {stack}, {}, commit {commit}", where_and_when(result));
        if let Some(lacks) = incomplete(result) {
            let _ = writeln!(text, "{letter}: {lacks}");
        }
        for check in &result.failed_checks {
            let _ = writeln!(text, "{letter}: ERROR: {check}");
        }
    }
    for part in [
        settings_diff::differences(sides),
        aggregate::measured(sides),
        aggregate::costs(sides),
        warnings(sides),
    ] {
        let _ = writeln!(text, "\n{part}");
    }
    text
}

fn warnings(sides: &[Side]) -> String {
    let warnings = sides.iter().flat_map(|Side { letter, result, .. }| {
        result.warnings.iter().map(move |warning| format!("{letter}: warning: {warning}"))
    });
    warnings.collect::<Vec<_>>().join("\n")
}
