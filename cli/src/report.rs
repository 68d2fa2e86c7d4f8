//! `lambench report`: results as one Markdown document, or as one HTML page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use results::cost::QuotedPrice;
use results::file::RunResult;

use crate::cli::Global;
use crate::exit::Usage;
use crate::html;
use crate::layout::Table;
use crate::output;
use crate::project::Project;
use crate::result_file::{place, read, settings, where_and_when};
use crate::scenario;
use crate::scenario::shared::tables::{distinct, table};

/// What `lambench report --help` shows.
pub const EXAMPLES: &str = "Examples:
  lambench report > report.md
  lambench report --stack dev > report.md          only what was measured on the stack dev
  lambench report results/archive/*-dev.json results/splitter/*-dev.json > report.md
  lambench report --html report.html               as a page with pictures, to open in a browser";

/// What `lambench report` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files that `lambench run` wrote; without any, the newest of each scenario and stack in results/
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write one HTML page with pictures instead; it needs no network and can be sent to somebody
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Prints the document, or writes the page.
///
/// # Errors
/// If a file cannot be read, there is none, or the page cannot be written.
pub fn report(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("report", false, true)?;
    let files = match (arguments.files.as_slice(), global.stack.as_deref()) {
        ([], stack) => newest(&Project::find()?.root.join("results"), stack)?,
        (files, None) => files.to_vec(),
        (_, Some(_)) => return Err(Usage("give files, or a stack with --stack, not both".to_owned()).into()),
    };
    let results: Vec<RunResult> = files.iter().map(|file| read(file)).collect::<Result<_>>()?;
    match &arguments.html {
        Some(page) => {
            html::write(page, &results)?;
            output::print_line(format_args!("page: {}", page.display()))?;
        }
        None => output::print(render(&results))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest result of each scenario and stack, or only of one stack; files are named `<scenario>/<UTC time>Z-<stack>.json`.
fn newest(folder: &Path, only: Option<&str>) -> Result<Vec<PathBuf>> {
    // Pulumi takes `organization/project/stack`, too.
    let only = only.and_then(|stack| stack.rsplit('/').next());
    let mut newest: BTreeMap<(PathBuf, String), PathBuf> = BTreeMap::new();
    for scenario in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        for file in entries(&scenario)? {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // What benchmarks publish has no time in its name.
            let Some((_, stack)) = name.strip_suffix(".json").and_then(|name| name.split_once("Z-")) else {
                continue;
            };
            if only.is_none_or(|only| only == stack) {
                newest.insert((scenario.clone(), stack.to_owned()), file);
            }
        }
    }
    if newest.is_empty() {
        let of = only.map(|stack| format!(" of the stack '{stack}'")).unwrap_or_default();
        bail!("there are no results{of} in {}: 'lambench run' writes them", folder.display());
    }
    Ok(newest.into_values().collect())
}

/// What is in a folder, by name; nothing in one that doesn't exist.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
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
    let mut text = format!(
        "## {}, stack {}\n\n{}\n\n{}, lambench {}, commit {commit}\n\n{}\n",
        result.run.scenario,
        result.environment.stack,
        place(&result.environment),
        where_and_when(result),
        result.run.tool_version,
        settings(result),
    );
    text.push_str(&paragraphs(&scenario::render(result)));
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
    use super::*;

    #[test]
    fn the_newest_result_of_each_scenario_and_stack_is_found_and_no_benchmark() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "archive/2026-11-21T10-00-00Z-dev.json",
            "archive/2026-11-21T11-00-00Z-dev.json",
            "archive/2026-11-20T10-00-00Z-big-Z-one.json",
            "aurora/2026-11-21T10-00-00Z-dev.json",
            "bench/archive.json",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = newest(folder.path(), None).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        let expected = [
            "archive/2026-11-20T10-00-00Z-big-Z-one.json",
            "archive/2026-11-21T11-00-00Z-dev.json",
            "aurora/2026-11-21T10-00-00Z-dev.json",
        ];
        assert_eq!(names, expected.map(Path::new));
        let of_dev = newest(folder.path(), Some("acme/lambench/dev")).unwrap();
        assert_eq!(of_dev, found[1..]);
        let nothing = newest(&folder.path().join("nothing"), Some("dev")).unwrap_err().to_string();
        assert!(nothing.starts_with("there are no results of the stack 'dev' in "), "{nothing}");
        assert!(nothing.contains("'lambench run' writes them"), "{nothing}");
    }

    #[test]
    fn tables_stand_apart_from_the_lines_around_them() {
        assert_eq!(
            paragraphs("\none\n| a |\n|---|\n| 1 |\n\n| b |\n|---|\nERROR: two\nthree\n"),
            "\none\n\n| a |\n|---|\n| 1 |\n\n| b |\n|---|\n\nERROR: two\n\nthree\n"
        );
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
