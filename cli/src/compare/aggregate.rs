//! What was measured and what it costs, each beside the first result's.

use protocol::stats::real;
use protocol::summary::Summary;
use results::cost::Cost;

use super::Side;
use crate::scenario::shared::tables::{digits, distinct, none, table};

/// Means that are fewer standard errors apart may differ by chance: for two times three values Student's t asks for 2.8 at
/// 95 %.
const STANDARD_ERRORS: f64 = 3.0;
/// With fewer values, a mean says little.
const FEW: u64 = 3;

/// A row for each statistic of each measured quantity.
pub fn measured(sides: &[Side]) -> String {
    let names = distinct(sides.iter().flat_map(|side| side.result.summary.iter().map(|one| &one.name)));
    let rows = names.into_iter().flat_map(|name| {
        let found: Vec<_> =
            sides.iter().map(|side| side.result.summary.iter().find(|one| one.name == *name)).collect();
        statistics(name, &found)
    });
    table(&header(["measured", "statistic"], sides), rows, &[0, 1]).to_string()
}

/// What each result is estimated to cost.
pub fn costs(sides: &[Side]) -> String {
    let names = distinct(sides.iter().flat_map(|side| side.result.cost.iter().map(|one| &one.item)));
    let rows = names.into_iter().map(|name| {
        let found: Vec<_> =
            sides.iter().map(|side| side.result.cost.iter().find(|one| one.item == *name)).collect();
        row([name, "USD"], &found, |one| one.usd.map_or_else(none, digits), price_ratio)
    });
    table(&header(["cost", ""], sides), rows, &[0, 1]).to_string()
}

fn statistics(name: &str, found: &[Option<&Summary>]) -> Vec<Vec<String>> {
    let unit = found.iter().flatten().next().map_or("", |one| one.unit.as_str());
    let value = |of: fn(&Summary) -> Option<f64>, statistic: &str| {
        let ratio = |one: &Summary, first: &Summary| of(one).zip(of(first)).map_or_else(none, times);
        row([name, statistic], found, |one| of(one).map_or_else(none, digits), ratio)
    };
    let mut rows = vec![
        row([name, "values"], found, counted, |_, _| String::new()),
        row([name, &format!("mean ± σ, {unit}")], found, mean, |one, first| {
            times((one.mean, first.mean)) + doubt(one, first)
        }),
        value(|one| Some(one.p50), &format!("p50, {unit}")),
        value(|one| Some(one.p99), &format!("p99, {unit}")),
    ];
    if found.iter().flatten().any(|one| one.throughput.is_some()) {
        rows.push(value(|one| one.throughput, "per second"));
    }
    rows
}

/// What each result has, and from the second one on the ratio to the first.
fn row<T>(
    names: [&str; 2],
    found: &[Option<&T>],
    cell: impl Fn(&T) -> String,
    ratio: impl Fn(&T, &T) -> String,
) -> Vec<String> {
    let ratio_to_first =
        |place: usize| found[place].zip(found[0]).map_or_else(none, |(one, first)| ratio(one, first));
    line(names, found.len(), |place| found[place].map_or_else(none, &cell), ratio_to_first)
}

fn header(names: [&str; 2], sides: &[Side]) -> Vec<String> {
    let letter = |place: usize| sides[place].letter;
    line(names, sides.len(), |place| letter(place).to_string(), |place| format!("{} / A", letter(place)))
}

/// Two names, then a cell for each result, and from the second one on another for its ratio.
fn line(
    names: [&str; 2],
    results: usize,
    cell: impl Fn(usize) -> String,
    ratio: impl Fn(usize) -> String,
) -> Vec<String> {
    let mut line = names.map(ToOwned::to_owned).to_vec();
    for place in 0..results {
        line.push(cell(place));
        if place > 0 {
            line.push(ratio(place));
        }
    }
    line
}

fn counted(one: &Summary) -> String {
    match one.failures {
        0 => one.count.to_string(),
        failures => format!("{}, {failures} failed", one.count),
    }
}

fn mean(one: &Summary) -> String {
    if one.count < 2 { digits(one.mean) } else { format!("{} ± {}", digits(one.mean), digits(one.stddev)) }
}

/// What to think of the ratio of two means.
fn doubt(one: &Summary, first: &Summary) -> &'static str {
    let squared_error = |summary: &Summary| summary.stddev.powi(2) / real(summary.count.max(1));
    let error = (squared_error(one) + squared_error(first)).sqrt();
    if one.count.min(first.count) < FEW {
        " (few values)"
    } else if (one.mean - first.mean).abs() <= STANDARD_ERRORS * error {
        " (may be chance)"
    } else {
        ""
    }
}

/// Sums of different parts, such as with S3's requests and without, have no ratio.
fn price_ratio(one: &Cost, first: &Cost) -> String {
    let units = |cost: &Cost| cost.lines.iter().map(|line| line.price.unit.clone()).collect::<Vec<_>>();
    if units(one) == units(first) {
        one.usd.zip(first.usd).map_or_else(none, times)
    } else {
        "not comparable".to_owned()
    }
}

fn times((one, first): (f64, f64)) -> String {
    if first > 0.0 { format!("{:.2} ×", one / first) } else { none() }
}
