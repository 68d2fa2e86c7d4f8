//! The list of results as people read it.

use results::file::Kind;

use super::list::Listed;
use crate::layout::Table;
use crate::scenario::shared::headline::Headline;
use crate::scenario::shared::tables::{self, digits, none};

/// A row for each result.
pub fn table(results: &[Listed]) -> Table {
    let header = ["when (UTC)", "scenario", "stack", "where", "figure", "checks", "file"];
    let rows = results.iter().map(|result| {
        vec![
            result.started_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            result.scenario.clone(),
            result.stack.clone(),
            place(result.kind).to_owned(),
            result.figure.as_ref().map_or_else(none, figure),
            checks(result),
            result.file.display().to_string(),
        ]
    });
    tables::table(&header.map(ToOwned::to_owned), rows, &[0, 1, 2, 3, 4, 5, 6])
}

/// Where a run was measured, in a word.
pub fn place(kind: Kind) -> &'static str {
    match kind {
        Kind::Aws => "AWS",
        Kind::Local => "local",
    }
}

fn figure(Headline { of, value, unit, .. }: &Headline) -> String {
    format!("{of}: {} {unit}", digits(*value))
}

fn checks(result: &Listed) -> String {
    match result.failed_checks.len() {
        0 if result.is_incomplete => "incomplete".to_owned(),
        0 => "passed".to_owned(),
        failed => format!("{failed} failed"),
    }
}
