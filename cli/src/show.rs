//! `lambench show`: a result file as people read it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use results::file::RunResult;

use crate::cli::Global;
use crate::exit::Usage;
use crate::output;
use crate::result_file::{place, read, settings, where_and_when};
use crate::scenario::archive::Archive;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::{Scenario, render as render_detail, verdict};

/// What `lambench show` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file that `lambench run` wrote
    file: PathBuf,
    /// What to rank the contenders of an archive contest by [default: lambda-price]
    #[arg(long, value_enum)]
    rank_by: Option<RankBy>,
}

/// Prints a result file.
///
/// # Errors
/// If there is none, `--rank-by` has no meaning for it, or it is of another schema.
pub fn show(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("show", true, false)?;
    let result = read(&arguments.file)?;
    if arguments.rank_by.is_some() && result.run.scenario != Archive::NAME {
        let scenario = &result.run.scenario;
        return Err(Usage(format!(
            "--rank-by ranks contenders, which only results of archive have, and this one is of {scenario}: leave it out"
        ))
        .into());
    }
    if global.json {
        output::print_line(serde_json::to_string_pretty(&result)?)?;
    } else {
        output::print(match arguments.rank_by {
            Some(rank_by) => render_ranked(&result, rank_by),
            None => render(&result),
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A result with where it comes from, its tables, its verdict and its warnings.
pub fn render(result: &RunResult) -> String {
    render_ranked(result, RankBy::default())
}

/// The same with an archive contest's ranking by something else.
pub fn render_ranked(result: &RunResult, rank_by: RankBy) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} on stack {} ({}), {}",
        result.run.scenario,
        result.environment.stack,
        place(&result.environment),
        where_and_when(result),
    );
    let _ = writeln!(text, "{}", settings(result));
    text.push_str(&render_detail(result, rank_by));
    text.push_str(&verdict(result).block());
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
