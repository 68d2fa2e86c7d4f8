//! `lambench show`: a result file as people read it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use results::estimate::{Comparison, Estimate};
use results::file::RunResult;

use crate::cli::Global;
use crate::csv;
use crate::exit::Usage;
use crate::gates::GateOptions;
use crate::history::resolve;
use crate::layout::{Fit, lay_out};
use crate::output;
use crate::result_file::{heading, incomplete, read, settings};
use crate::scenario::archive::Archive;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::shared::tables::digits;
use crate::scenario::{Scenario, render as render_detail, verdict};

/// What `lambench show --help` shows.
pub const EXAMPLES: &str = "Examples:
  lambench show results/archive/2026-11-21T10-00-00Z-dev.json
  lambench show latest                    the newest result
  lambench show archive/latest~1 --stack dev
                                          the one before it, of a scenario and stack";

/// What `lambench show` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file that `lambench run` wrote, or 'latest', 'latest~1', 'archive/latest'
    result: PathBuf,
    /// Print every statistic and cost as comma-separated values
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    fit: Fit,
    /// What the result has to keep.
    #[command(flatten)]
    gates: GateOptions,
    /// What to rank the contenders of an archive contest by [default: lambda-price]
    #[arg(long, value_enum)]
    rank_by: Option<RankBy>,
}

/// Prints a result file.
///
/// # Errors
/// If there is none, `--rank-by` has no meaning for it, or it is of another schema.
pub fn show(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    let files = resolve(std::slice::from_ref(&arguments.result), global.stack.as_deref())?;
    let result = read(&files[0])?;
    arguments.fit.apply();
    let gates = arguments.gates.of(&result.run.scenario)?;
    if arguments.rank_by.is_some() && result.run.scenario != Archive::NAME {
        let scenario = &result.run.scenario;
        return Err(Usage(format!(
            "--rank-by ranks contenders, which only results of archive have, and this one is of {scenario}: leave it out"
        ))
        .into());
    }
    if global.json {
        output::print_line(serde_json::to_string_pretty(&result)?)?;
    } else if arguments.csv {
        output::print(csv::render(&result)?)?;
    } else {
        output::print(lay_out(&render_ranked(&result, arguments.rank_by.unwrap_or_default())))?;
    }
    gates.end(&result, global.json || arguments.csv)
}

/// A result with where it comes from, its tables, its verdict and its warnings.
pub fn render(result: &RunResult) -> String {
    render_ranked(result, RankBy::default())
}

/// The same with an archive contest's ranking by something else.
pub fn render_ranked(result: &RunResult, rank_by: RankBy) -> String {
    let mut text = incomplete(result).map_or_else(String::new, |lacks| lacks + "\n");
    let _ = writeln!(text, "{}", heading(result));
    let _ = writeln!(text, "{}", settings(result));
    text.push_str(&render_detail(result, rank_by));
    // A run that was stopped has used less than what was estimated.
    if let Some(estimate) = result.estimate.as_ref().filter(|_| result.incomplete.is_none()) {
        text.push_str(&estimated(estimate));
    }
    text.push_str(&verdict(result).block());
    for check in &result.failed_checks {
        let _ = writeln!(text, "ERROR: {check}");
    }
    for warning in &result.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}

/// What the run was expected to cost, beside what it cost by the same prices; a line, or nothing if that was not measured.
fn estimated(estimate: &Estimate) -> String {
    let Some(Comparison { estimated_usd, measured_usd, unmeasured }) = estimate.compared() else {
        return String::new();
    };
    let without = if unmeasured.is_empty() {
        String::new()
    } else {
        format!("; in neither, as they were not measured: {}", unmeasured.join(", "))
    };
    format!("estimated: {} USD, measured: {} USD{without}\n", digits(estimated_usd), digits(measured_usd))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use results::file::Incomplete;

    use super::*;

    #[test]
    fn an_incomplete_result_says_so_before_anything_else() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        assert!(!render(&result).contains("INCOMPLETE"));
        result.incomplete = Incomplete::interrupted(vec!["sqlx INSERT: 2 of 4 stages".to_owned()]);
        let text = render(&result);
        assert!(
            text.starts_with("INCOMPLETE (interrupted); missing: sqlx INSERT: 2 of 4 stages\naurora on"),
            "{text}"
        );
    }

    #[test]
    fn an_estimate_stands_beside_the_price_that_was_measured() {
        let result = read(Path::new("tests/estimates/pipeline.json")).unwrap();
        let mut estimate = Estimate {
            usd: 0.0,
            low_usd: 0.0,
            high_usd: 0.0,
            items: crate::scenario::used(&result.detail, "dev", &result.cost),
            measured: Vec::new(),
            assumptions: Vec::new(),
        };
        assert_eq!(estimated(&estimate), "", "nothing was measured");
        estimate.measured.clone_from(&estimate.items);
        assert_eq!(estimated(&estimate), "estimated: 0.002392 USD, measured: 0.002392 USD\n");
        estimate.measured[0].lines[1].usd = None;
        let said = estimated(&estimate);
        assert!(said.ends_with("; in neither, as they were not measured: messages: compute\n"), "{said}");
        let shown = render(&RunResult { estimate: Some(estimate), ..result });
        assert!(shown.contains("\nestimated: 0.00"), "{shown}");
    }

    #[test]
    fn failed_checks_are_called_errors_and_stand_above_the_warnings() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        result.failed_checks = vec!["1 item of 20 lost".to_owned()];
        result.warnings = vec!["local".to_owned()];
        let text = render(&result);
        assert!(text.ends_with("ERROR: 1 item of 20 lost\nwarning: local\n"), "{text}");
    }
}
