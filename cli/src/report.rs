//! `lambench report`: results as one Markdown document, as one HTML page, or as metrics.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use results::cost::QuotedPrice;
use results::file::RunResult;

use crate::cli::Global;
use crate::history::{History, resolve};
use crate::html;
use crate::layout::Table;
use crate::open_metrics;
use crate::output;
use crate::result_file::{incomplete, place, read, settings, where_and_when};
use crate::scenario;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::shared::tables::{distinct, table};

/// What `lambench report --help` shows.
pub const EXAMPLES: &str = "Examples:
  lambench report > report.md
  lambench report --stack dev > report.md          only what was measured on the stack dev
  lambench report results/archive/*-dev.json results/splitter/*-dev.json > report.md
  lambench report --html report.html               as a page with pictures, to open in a browser
  lambench report --metrics=lambench.prom          as OpenMetrics, for Prometheus; without a file: to standard output
  lambench report --metrics results/*/*-dev.json > history.prom
                                                   several runs, for 'promtool tsdb create-blocks-from openmetrics'";

/// A file's name that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// What `lambench report` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files that `lambench run` wrote, or 'archive/latest' and the like; without any, the newest of each scenario and stack
    #[arg(value_name = "RESULT")]
    files: Vec<PathBuf>,
    /// Write one HTML page with pictures instead; it needs no network and can be sent to somebody
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print OpenMetrics text for Prometheus and Grafana instead, or write it to a file: --metrics=FILE
    // With an equals sign, so that a RESULT behind it is none of its files to write.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = STANDARD_OUTPUT,
        conflicts_with = "html"
    )]
    metrics: Option<PathBuf>,
}

/// Prints the document, or writes the page.
///
/// # Errors
/// If a file cannot be read, there is none, or the page cannot be written.
pub fn report(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("report", false, true)?;
    let files = match (arguments.files.as_slice(), global.stack.as_deref()) {
        ([], stack) => newest(stack)?,
        (files, stack) => resolve(files, stack)?,
    };
    let results: Vec<RunResult> = files.iter().map(|file| read(file)).collect::<Result<_>>()?;
    match (&arguments.html, &arguments.metrics) {
        (Some(page), _) => {
            html::write(page, &results)?;
            html::print_written(page)?;
        }
        (None, Some(file)) => metrics(file, &results)?,
        (None, None) => output::print(render(&results))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes OpenMetrics to a file, or prints them.
fn metrics(file: &Path, results: &[RunResult]) -> Result<()> {
    let text = open_metrics::render(results)?;
    if file == Path::new(STANDARD_OUTPUT) {
        return output::print(text);
    }
    fs::write(file, text).with_context(|| format!("cannot write the metrics {}", file.display()))?;
    output::print_line(format_args!("metrics: {}", file.display()))
}

/// The newest result of each scenario and stack, or only of one stack.
fn newest(only: Option<&str>) -> Result<Vec<PathBuf>> {
    let history = History::find()?.only(None, only);
    if history.results.is_empty() {
        let of = only.map(|stack| format!(" of the stack '{stack}'")).unwrap_or_default();
        bail!("there are no results{of} in results/: 'lambench run' writes them");
    }
    Ok(history.newest_of_each().into_iter().map(|stored| stored.file.clone()).collect())
}

fn render(results: &[RunResult]) -> String {
    let mut text = "# lambench results\n".to_owned();
    for result in results {
        let _ = write!(text, "\n{}", section(result));
    }
    if results.iter().any(|result| !result.cost.is_empty()) {
        let _ = write!(text, "\n## Prices\n\nList prices without free tier.\n\n{}\n", prices(results));
    }
    text
}

fn section(result: &RunResult) -> String {
    let commit = result.run.git_commit.as_deref().unwrap_or("unknown");
    let lacks = incomplete(result).map_or_else(String::new, |lacks| format!("**{lacks}**\n\n"));
    let mut text = format!(
        "## {}, stack {}\n\n{lacks}{}\n\n{}, lambench {}, commit {commit}\n\n{}\n",
        result.run.scenario,
        result.environment.stack,
        place(&result.environment),
        where_and_when(result),
        result.run.tool_version,
        settings(result),
    );
    text.push_str(&paragraphs(&scenario::render(result, RankBy::default())));
    let _ = write!(text, "\n```text\n{}```\n", scenario::verdict(result).block());
    for check in &result.failed_checks {
        let _ = write!(text, "\n**ERROR: {check}**\n");
    }
    for warning in &result.warnings {
        let _ = write!(text, "\n> warning: {warning}\n");
    }
    text
}

/// Each line as a paragraph of its own, but tables as they are, apart from each other.
fn paragraphs(lines: &str) -> String {
    let mut text = String::new();
    let mut was_row = false;
    let mut lines = lines.lines().filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let is_row = line.starts_with('|');
        let is_header = lines.peek().is_some_and(|next| next.starts_with("|-"));
        let gap = if is_row && was_row && !is_header { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{line}");
        was_row = is_row;
    }
    text
}

/// Each price once, with where it stands.
pub fn prices(results: &[RunResult]) -> Table {
    let all =
        results.iter().flat_map(|result| &result.cost).flat_map(|cost| &cost.lines).map(|line| &line.price);
    let header = ["USD", "for", "source", "read on"].map(ToOwned::to_owned);
    let rows = distinct(all).into_iter().map(|QuotedPrice { usd, unit, source, date }| {
        vec![usd.to_string(), unit.clone(), source.clone(), date.clone()]
    });
    table(&header, rows, &[1, 2, 3])
}

#[cfg(test)]
mod tests {
    use results::file::Incomplete;

    use super::*;

    #[test]
    fn tables_stand_apart_from_the_lines_around_them() {
        assert_eq!(
            paragraphs("\none\n| a |\n|---|\n| 1 |\n\n| b |\n|---|\nERROR: two\nthree\n"),
            "\none\n\n| a |\n|---|\n| 1 |\n\n| b |\n|---|\n\nERROR: two\n\nthree\n"
        );
    }

    #[test]
    fn an_incomplete_result_says_so_under_its_heading() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        result.incomplete = Incomplete::interrupted(vec!["512 MB".to_owned()]);
        let text = render(&[result]);
        let expected =
            "# lambench results\n\n## aurora, stack dev\n\n**INCOMPLETE (interrupted); missing: 512 MB**\n\n";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn a_report_has_each_result_its_warnings_and_every_price_once() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        let price = QuotedPrice {
            usd: 0.000_016_666_7,
            unit: "GB-second".to_owned(),
            source: "https://aws.amazon.com/lambda/pricing/".to_owned(),
            date: "2026-11-21".to_owned(),
        };
        let cost = |item: &str| results::cost::Cost {
            item: item.to_owned(),
            usd: Some(0.25),
            lines: vec![results::cost::CostLine {
                name: "compute".to_owned(),
                quantity: None,
                usd: None,
                price: price.clone(),
            }],
        };
        result.cost = vec![cost("INSERT"), cost("SELECT")];
        insta::assert_snapshot!(render(&[result]));
    }
}
