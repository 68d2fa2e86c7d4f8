//! `lambench list --trend`: how what was measured has changed from run to run.

mod change;
mod table;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use anyhow::Result;
use jiff::Timestamp;
use protocol::summary::Summary;
use results::file::{Kind, RunResult};
use serde::Serialize;
use serde_json::{Map, Value};

use self::change::{Change, change};
use super::conditions::conditions;
use crate::output;
use crate::scenario::shared::tables::distinct;

/// Runs of a scenario on a stack with the same settings and options.
#[derive(Debug, Serialize)]
struct Trend {
    scenario: String,
    stack: String,
    kind: Kind,
    /// Settings, options and machine.
    conditions: Map<String, Value>,
    /// The oldest first.
    runs: Vec<TrendRun>,
    /// Runs whose checks failed: their figures are unfit for use.
    left_out: usize,
    series: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct TrendRun {
    started_at: Timestamp,
    git_commit: Option<String>,
}

/// A measured quantity, run by run.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    unit: String,
    /// The mean of each run that has it, the oldest first.
    means: Vec<f64>,
    change: Change,
}

/// Prints the trends of results, which come newest first.
///
/// # Errors
/// If standard output cannot be written.
pub fn print(results: &[(PathBuf, RunResult)], json: bool) -> Result<()> {
    let oldest_first: Vec<&RunResult> = results.iter().rev().map(|(_, result)| result).collect();
    let trends = trends(&oldest_first);
    if json {
        output::print_line(serde_json::to_string_pretty(&trends)?)
    } else {
        output::print(table::render(&trends, stdout().is_terminal()))
    }
}

/// The trends of results, which come oldest first, by scenario and stack. Local figures and AWS's have none together.
fn trends(results: &[&RunResult]) -> Vec<Trend> {
    let mut alike: Vec<(Map<String, Value>, Vec<&RunResult>)> = Vec::new();
    for &result in results {
        let own = conditions(result);
        match alike.iter_mut().find(|(other, runs)| *other == own && are_alike(runs[0], result)) {
            Some((_, runs)) => runs.push(result),
            None => alike.push((own, vec![result])),
        }
    }
    let mut trends: Vec<_> =
        alike.into_iter().map(|(conditions, runs)| Trend::of(conditions, &runs)).collect();
    let place = |kind| matches!(kind, Kind::Local);
    trends.sort_by(|one, other| {
        (&one.scenario, &one.stack, place(one.kind)).cmp(&(&other.scenario, &other.stack, place(other.kind)))
    });
    trends
}

fn are_alike(one: &RunResult, other: &RunResult) -> bool {
    one.run.scenario == other.run.scenario
        && one.environment.stack == other.environment.stack
        && one.environment.kind == other.environment.kind
}

impl Trend {
    fn of(conditions: Map<String, Value>, all: &[&RunResult]) -> Self {
        let runs: Vec<&RunResult> = all.iter().filter(|run| run.is_fit()).copied().collect();
        let names = distinct(runs.iter().flat_map(|run| run.summary.iter().map(|one| &one.name)));
        Self {
            scenario: all[0].run.scenario.clone(),
            stack: all[0].environment.stack.clone(),
            kind: all[0].environment.kind,
            conditions,
            left_out: all.len() - runs.len(),
            series: names.into_iter().map(|name| Line::of(name, &runs)).collect(),
            runs: runs
                .iter()
                .map(|run| TrendRun {
                    started_at: run.run.started_at,
                    git_commit: run.run.git_commit.clone(),
                })
                .collect(),
        }
    }
}

impl Line {
    fn of(name: &str, runs: &[&RunResult]) -> Self {
        let found = runs.iter().filter_map(|run| {
            let summary = run.summary.iter().find(|summary| summary.name == name)?;
            Some((*run, summary))
        });
        let found: Vec<(&RunResult, &Summary)> = found.collect();
        Self {
            name: name.to_owned(),
            unit: found.first().map_or_else(String::new, |(_, summary)| summary.unit.clone()),
            means: found.iter().map(|(_, summary)| summary.mean).collect(),
            change: change(&found),
        }
    }
}
