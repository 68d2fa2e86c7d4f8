//! `lambench show`: a result file as people read it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use results::file::RunResult;

use crate::cli::Global;
use crate::csv;
use crate::layout::{Fit, lay_out};
use crate::output;
use crate::result_file::{heading, read, settings};
use crate::scenario::render as render_detail;

/// What `lambench show` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file that `lambench run` wrote
    file: PathBuf,
    /// Print every statistic and cost as comma-separated values
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    fit: Fit,
}

/// Prints a result file.
///
/// # Errors
/// If there is none, or it is of another schema.
pub fn show(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("show", true, false)?;
    let result = read(&arguments.file)?;
    arguments.fit.apply();
    if global.json {
        output::print_line(serde_json::to_string_pretty(&result)?)?;
    } else if arguments.csv {
        output::print(csv::render(&result)?)?;
    } else {
        output::print(lay_out(&render(&result)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A result with where it comes from, its ranking and its warnings.
pub fn render(result: &RunResult) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", heading(result));
    let _ = writeln!(text, "{}", settings(result));
    text.push_str(&render_detail(result));
    for check in &result.failed_checks {
        let _ = writeln!(text, "ERROR: {check}");
    }
    for warning in &result.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn failed_checks_are_called_errors_and_stand_above_the_warnings() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        result.failed_checks = vec!["1 item of 20 lost".to_owned()];
        result.warnings = vec!["local".to_owned()];
        let text = render(&result);
        assert!(text.ends_with("ERROR: 1 item of 20 lost\nwarning: local\n"), "{text}");
    }
}
