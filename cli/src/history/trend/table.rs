//! Trends as people read them.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::change::Change;
use super::{Line, Trend, TrendRun};
use crate::history::conditions::distinguishing;
use crate::history::sparkline::sparkline;
use crate::history::table::place;
use crate::scenario::shared::tables::{count, digits, none, table};

/// A table for each trend; with blocks where people look at it, else with all values.
pub fn render(trends: &[Trend], is_terminal: bool) -> String {
    let tables =
        trends.iter().map(|trend| format!("{}{}\n", heading(trend, trends), lines(trend, is_terminal)));
    tables.collect::<Vec<_>>().join("\n")
}

/// Which runs these are, and how they differ from those with a trend of their own.
pub fn heading(trend: &Trend, all: &[Trend]) -> String {
    let Trend { scenario, stack, kind, runs, left_out, .. } = trend;
    let mut text =
        format!("{scenario} on stack {stack} ({}), {}", place(*kind), count(runs.len() as u64, "run"));
    if let (Some(first), Some(latest)) = (runs.first(), runs.last()) {
        let _ = write!(text, ", {}", when(first));
        if runs.len() > 1 {
            let _ = write!(text, " to {}", when(latest));
        }
    }
    let alike =
        all.iter().filter(|other| (&other.scenario, &other.stack, other.kind) == (scenario, stack, *kind));
    let conditions: Vec<&Map<String, Value>> = alike.map(|other| &other.conditions).collect();
    let own = distinguishing(&trend.conditions, &conditions);
    if !own.is_empty() {
        let _ = write!(text, "\nwith {own}");
    }
    if *left_out > 0 {
        let _ = write!(text, "\nleft out: {} whose checks failed", count(*left_out as u64, "run"));
    }
    text + "\n"
}

/// When a run began, and of which code it was.
pub fn when(run: &TrendRun) -> String {
    let at = run.started_at.strftime("%Y-%m-%d %H:%M UTC");
    format!("{at} (commit {})", commit(run.git_commit.as_deref()))
}

/// The beginning of a commit, and whether it was changed.
fn commit(commit: Option<&str>) -> String {
    let Some(commit) = commit else { return "unknown".to_owned() };
    let (hash, dirty) = commit.split_once('-').map_or((commit, ""), |(hash, _)| (hash, "-dirty"));
    format!("{}{dirty}", hash.get(..7).unwrap_or(hash))
}

fn lines(trend: &Trend, is_terminal: bool) -> String {
    let last = if is_terminal { "trend" } else { "values, oldest first" };
    let header = ["measured", "results", "first", "latest", "change", last].map(ToOwned::to_owned);
    let rows = trend.series.iter().map(|line| {
        let mean =
            |mean: Option<&f64>| mean.map_or_else(none, |mean| format!("{} {}", digits(*mean), line.unit));
        vec![
            line.name.clone(),
            line.means.len().to_string(),
            mean(line.means.first()),
            mean(line.means.last()),
            in_words(line.change, line.means.len()),
            values(line, is_terminal),
        ]
    });
    table(&header, rows, &[0, 4, 5]).to_string()
}

/// A change over so many results in words.
pub fn in_words(change: Change, results: usize) -> String {
    match change {
        Change::Shown { percent, results: 1 } => format!("{percent:+.1} %"),
        Change::Shown { percent, results } => {
            format!("{percent:+.1} % (latest {results} against first {results})")
        }
        Change::NotShown => "no difference shown".to_owned(),
        Change::TooFew if results < 2 => none(),
        Change::TooFew => "can't tell: too few runs".to_owned(),
    }
}

fn values(line: &Line, is_terminal: bool) -> String {
    if is_terminal {
        return sparkline(&line.means);
    }
    line.means.iter().map(|mean| digits(*mean)).collect::<Vec<_>>().join(" ")
}
