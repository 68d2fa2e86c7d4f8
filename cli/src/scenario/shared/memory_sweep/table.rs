//! What memory buys, as people read it.

use std::fmt::Write as _;

use results::cost::Cost;
use results::memory_sweep::{Choices, Figure, MemorySweep, Point};
use results::scenario::Detail;
use serde_json::{Map, Value};

use super::verdict::{self, Runs};
use crate::layout::Table;
use crate::scenario::shared::tables::{digits, none, table};

/// The name of something of one size, such as `512 MB: sdk total`.
pub fn prefixed(memory_mb: u64, name: &str) -> String {
    format!("{memory_mb} MB: {name}")
}

/// Of the costs of all sizes those of one, without its name.
pub fn costs(all: &[Cost], memory_mb: u64) -> Vec<Cost> {
    let prefix = prefixed(memory_mb, "");
    let own = all.iter().filter_map(|cost| Some((cost, cost.item.strip_prefix(&prefix)?)));
    own.map(|(cost, item)| Cost { item: item.to_owned(), ..cost.clone() }).collect()
}

/// The options of a sweep: its sizes, in place of the setting, and those of each run.
pub fn options(sweep: &MemorySweep, of_run: impl Fn(&Detail) -> Value) -> Value {
    let sizes: Vec<_> = sweep.points.iter().map(|point| point.memory_mb.to_string()).collect();
    let mut options = Map::from_iter([("memory".to_owned(), sizes.join(", ").into())]);
    if let Some(Value::Object(own)) = sweep.points.first().map(|point| of_run(&point.detail)) {
        options.extend(own);
    }
    Value::Object(options)
}

/// What the scenario shows of each size, and then the sizes side by side, with those that stand out.
pub fn render(
    sweep: &MemorySweep,
    all: &[Cost],
    detail: impl Fn(&Detail, &[Cost]) -> String,
    runs: &Runs<'_>,
) -> String {
    let mut text = String::new();
    for point in &sweep.points {
        let shown = detail(&point.detail, &costs(all, point.memory_mb));
        let _ = writeln!(text, "\nwith {} MB:\n{}", point.memory_mb, shown.trim_matches('\n'));
    }
    let _ = writeln!(text, "\nwhat memory buys:\n{}", side_by_side(sweep, runs));
    text
}

/// A row for each name and size.
pub fn side_by_side(sweep: &MemorySweep, runs: &Runs<'_>) -> Table {
    let MemorySweep { compared, points, choices } = sweep;
    let price = format!("USD for {}", compared.price);
    let header = ["", "memory MB", &compared.speed, &price, "choice"].map(ToOwned::to_owned);
    let rows = choices.iter().flat_map(|Choices { name, .. }| {
        let chosen = verdict::choices(sweep, name, runs);
        points.iter().zip(chosen).map(|(point, chosen)| row(name, point, chosen))
    });
    table(&header, rows, &[0, 4])
}

fn row(name: &str, point: &Point, chosen: String) -> Vec<String> {
    let figure = point.figures.iter().find(|figure| figure.name == name);
    let cell = |value: fn(&Figure) -> Option<f64>| figure.and_then(value).map_or_else(none, digits);
    vec![
        name.to_owned(),
        point.memory_mb.to_string(),
        cell(|figure| figure.speed),
        cell(|figure| figure.usd),
        not_chosen(point).map_or(chosen, |why| format!("none: {why}")),
    ]
}

/// Why a size cannot be a choice.
pub fn not_chosen(point: &Point) -> Option<&'static str> {
    if !point.failed_checks.is_empty() {
        return Some("its checks failed");
    }
    (!point.missing.is_empty()).then_some("incomplete")
}
