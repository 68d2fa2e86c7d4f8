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

pub use self::change::{Change, change};
pub use self::table::{heading, in_words, when};
use super::conditions::conditions;
use crate::output;
use crate::scenario::headline;
use crate::scenario::shared::headline::Headline;
use crate::scenario::shared::tables::distinct;
use crate::significance::Sample;

/// Runs of a scenario on a stack with the same settings and options.
#[derive(Debug, Serialize)]
pub struct Trend {
    /// The scenario's name.
    pub scenario: String,
    /// The stack's name.
    pub stack: String,
    /// AWS or local.
    pub kind: Kind,
    /// Settings, options and machine.
    conditions: Map<String, Value>,
    /// The oldest first.
    pub runs: Vec<TrendRun>,
    /// Runs whose checks failed: their figures are unfit for use.
    left_out: usize,
    /// What was measured.
    pub series: Vec<Line>,
}

/// One of the runs.
#[derive(Debug, Serialize)]
pub struct TrendRun {
    /// When it began.
    pub started_at: Timestamp,
    git_commit: Option<String>,
    /// Its name.
    #[serde(skip)]
    pub id: String,
    /// The figure that decides; none where nothing came of the run.
    #[serde(skip)]
    pub headline: Option<Headline>,
}

/// A measured quantity, run by run.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Such as `rust-stream billed duration`.
    pub name: String,
    /// The unit of its values.
    pub unit: String,
    /// The mean of each run that has it, the oldest first.
    pub means: Vec<f64>,
    /// Which of the runs these are, from 0 on.
    #[serde(skip)]
    pub places: Vec<usize>,
    /// From the first one to the latest.
    pub change: Change,
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
pub fn trends(results: &[&RunResult]) -> Vec<Trend> {
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
                    id: run.run.id.clone(),
                    headline: headline(run),
                })
                .collect(),
        }
    }
}

impl Line {
    fn of(name: &str, runs: &[&RunResult]) -> Self {
        let found = runs.iter().enumerate().filter_map(|(place, run)| {
            let summary = run.summary.iter().find(|summary| summary.name == name)?;
            Some((place, *run, summary))
        });
        let found: Vec<(usize, &RunResult, &Summary)> = found.collect();
        let samples: Vec<Sample> =
            found.iter().map(|(_, result, summary)| Sample::of_runs(result, summary)).collect();
        Self {
            name: name.to_owned(),
            unit: found.first().map_or_else(String::new, |(_, _, summary)| summary.unit.clone()),
            means: samples.iter().map(|sample| sample.mean).collect(),
            places: found.iter().map(|(place, _, _)| *place).collect(),
            change: change(&samples),
        }
    }
}
