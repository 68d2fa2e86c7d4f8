//! The figures side by side.

use super::Side;
use super::pairing::{Pairing, Row};
use super::verdict::beside;
use crate::scenario::shared::metric::{Metric, Unit};
use crate::scenario::shared::tables::{digits, distinct, none, table};

/// What gates may ask for, but says little beside the others.
const LEFT_OUT: [&str; 6] = ["min", "p90", "p99.9", "max", "warnings", "memory used"];

/// A row for each figure that two sides have at least: what was measured, and then what it costs.
pub fn figures(sides: &[Side], pairing: &Pairing) -> String {
    let is_price = |row: &&&Row| row.metric().is_some_and(|metric| metric.unit == Unit::Usd);
    let shown: Vec<_> = pairing.rows.iter().filter(|row| is_shown(row)).collect();
    let of = |title: &str, rows: Vec<&&Row>| {
        let lines = rows.into_iter().map(|row| line(sides, row));
        table(&header(title, sides), lines, &[0, 1]).to_string()
    };
    let measured = shown.iter().filter(|row| !is_price(row)).collect();
    let costs: Vec<_> = shown.iter().filter(is_price).collect();
    let mut tables = vec![of("measured", measured)];
    if !costs.is_empty() {
        tables.push(of("cost", costs));
    }
    tables.join("\n\n")
}

/// What has no partner, and what can't be told of the `figures` as they are shown.
pub fn notes(sides: &[Side], pairing: &Pairing, figures: &str) -> String {
    let mut notes: Vec<String> =
        sides.iter().enumerate().filter_map(|(place, side)| only_in(side, place, pairing)).collect();
    let is_unfit = |side: &&Side| side.is_unfit();
    notes.extend(sides.iter().filter(is_unfit).map(|side| {
        format!(
            "{0}: its checks failed or it is incomplete, so its figures are unfit for use, and {0}'s ratios say nothing",
            side.letter
        )
    }));
    if figures.contains("can't tell") {
        notes.push(
            "can't tell: n is the number of runs, and that takes 3 of each at least; run again, and compare them together: \
             lambench compare FILE… --against FILE…"
                .to_owned(),
        );
    }
    notes.join("\n")
}

/// What a side alone has measured.
fn only_in(side: &Side, place: usize, pairing: &Pairing) -> Option<String> {
    let is_only = |row: &&Row| row.sides() == 1 && row.found[place].is_some();
    let is_partly_shared = |label: &String| {
        let of_label =
            pairing.rows.iter().filter(|row| row.metric().is_some_and(|metric| metric.label() == *label));
        of_label.into_iter().any(|row| row.sides() > 1)
    };
    let names = pairing.rows.iter().filter(is_only).filter_map(Row::metric).map(|metric| {
        let label = metric.label();
        if is_partly_shared(&label) { format!("{label} {}", metric.name) } else { label }
    });
    let names: Vec<String> = names.collect();
    let names: Vec<&str> = distinct(names.iter()).into_iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| format!("only in {}: {}", side.letter, names.join("; ")))
}

/// Whether a figure is in the tables.
pub fn is_shown(row: &Row) -> bool {
    let Some(metric) = row.metric() else { return false };
    let is_zero = |metric: &Metric| metric.value == Some(0.0);
    let says_nothing = metric.unit == Unit::None && row.found.iter().flatten().all(is_zero);
    row.sides() > 1 && !says_nothing && !LEFT_OUT.contains(&metric.name)
}

fn header(title: &str, sides: &[Side]) -> Vec<String> {
    let letter = |place: usize| sides[place].letter;
    let names = [title.to_owned(), "figure".to_owned()];
    columns(&names, sides.len(), |place| letter(place).to_string(), |place| format!("{} / A", letter(place)))
}

fn line(sides: &[Side], Row { found }: &Row) -> Vec<String> {
    let metric = found.iter().flatten().next();
    let names = metric.map_or([String::new(), String::new()], named);
    let ratio = |place: usize| {
        let is_fit = !sides[place].is_unfit() && !sides[0].is_unfit();
        let pair = found[place].as_ref().zip(found[0].as_ref());
        pair.map_or_else(none, |(one, first)| beside(one, first, is_fit))
    };
    columns(&names, found.len(), |place| found[place].as_ref().map_or_else(none, cell), ratio)
}

/// What a figure is of, and its name with its unit.
pub fn named(metric: &Metric) -> [String; 2] {
    let unit = metric.unit.symbol();
    let name = if unit.is_empty() { metric.name.to_owned() } else { format!("{}, {unit}", metric.name) };
    [metric.label(), name]
}

/// Two names, then a cell for each side, and from the second one on another for its ratio.
fn columns(
    names: &[String; 2],
    sides: usize,
    cell: impl Fn(usize) -> String,
    ratio: impl Fn(usize) -> String,
) -> Vec<String> {
    let mut line = names.to_vec();
    for place in 0..sides {
        line.push(cell(place));
        if place > 0 {
            line.push(ratio(place));
        }
    }
    line
}

/// A figure, with its spread if it is the mean of several runs.
fn cell(metric: &Metric) -> String {
    let number = |value| metric.unit.digits(value);
    match (metric.value, metric.runs) {
        (Some(mean), Some(runs)) if runs.count > 1 => format!("{} ± {}", number(mean), digits(runs.stddev)),
        (Some(value), _) => number(value),
        (None, _) => none(),
    }
}
