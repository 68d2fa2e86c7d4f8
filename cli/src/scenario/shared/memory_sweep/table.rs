//! What memory buys, as people read it.

use std::fmt::Write as _;

use results::cost::Cost;
use results::memory_sweep::{Choices, Figure, MemorySweep, Point};
use results::scenario::Detail;
use serde_json::{Map, Value};

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

/// The options of a sweep: its sizes, and those of each run.
pub fn options(sweep: &MemorySweep, of_run: impl Fn(&Detail) -> Value) -> Value {
    let sizes: Vec<_> = sweep.points.iter().map(|point| point.memory_mb.to_string()).collect();
    let mut options = Map::from_iter([("memory sizes".to_owned(), sizes.join(", ").into())]);
    if let Some(Value::Object(own)) = sweep.points.first().map(|point| of_run(&point.detail)) {
        options.extend(own);
    }
    Value::Object(options)
}

/// What the scenario shows of each size, and then the sizes side by side, with those that stand out.
pub fn render(sweep: &MemorySweep, all: &[Cost], detail: impl Fn(&Detail, &[Cost]) -> String) -> String {
    let mut text = String::new();
    for point in &sweep.points {
        let shown = detail(&point.detail, &costs(all, point.memory_mb));
        let _ = writeln!(text, "\nwith {} MB:\n{}", point.memory_mb, shown.trim_matches('\n'));
    }
    let _ = writeln!(text, "\nwhat memory buys:\n{}", side_by_side(sweep));
    text
}

/// A row for each name and size.
pub fn side_by_side(MemorySweep { compared, points, choices }: &MemorySweep) -> Table {
    let price = format!("USD for {}", compared.price);
    let header = ["", "memory MB", &compared.speed, &price, "choice"].map(ToOwned::to_owned);
    let rows = choices.iter().flat_map(|choices| points.iter().map(|point| row(choices, point)));
    table(&header, rows, &[0, 4])
}

fn row(choices: &Choices, point: &Point) -> Vec<String> {
    let figure = point.figures.iter().find(|figure| figure.name == choices.name);
    let cell = |value: fn(&Figure) -> Option<f64>| figure.and_then(value).map_or_else(none, digits);
    vec![
        choices.name.clone(),
        point.memory_mb.to_string(),
        cell(|figure| figure.speed),
        cell(|figure| figure.usd),
        choice(choices, point),
    ]
}

/// What the size is the choice for; and why it is none.
pub fn choice(choices: &Choices, point: &Point) -> String {
    if !point.failed_checks.is_empty() {
        return "none: its checks failed".to_owned();
    }
    let named =
        [(choices.fastest, "fastest"), (choices.cheapest, "cheapest"), (choices.balanced, "balanced")];
    let chosen = named.into_iter().filter(|(memory_mb, _)| *memory_mb == Some(point.memory_mb));
    chosen.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}
