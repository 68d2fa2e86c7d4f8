//! `--fail-above`: how much worse than the first side's a figure may be.

use std::fmt::Write as _;

use super::Side;
use super::pairing::{Pairing, Row};
use super::verdict::{Verdict, verdict};
use crate::gates::{Gate, Report};
use crate::scenario::shared::metric::{Merit, Metric};
use crate::scenario::shared::tables::{none, table};

/// How much worse a figure may be, %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percent(f64);

/// Reads `10%`.
pub fn percent(text: &str) -> Result<Percent, String> {
    let number = text.strip_suffix('%').ok_or_else(|| format!("it has no unit: write {text}%"))?;
    let percent = number.trim().parse().ok().filter(|percent: &f64| percent.is_finite() && *percent >= 0.0);
    percent.map(Percent).ok_or_else(|| "write a number of percent, like 10%".to_owned())
}

/// A gate for each side but the first, and each of its figures that has a better and a worse.
pub fn gates(sides: &[Side], pairing: &Pairing, limit: Percent) -> Vec<Gate> {
    let gate = |row: &Row| {
        let of_side =
            |place: usize| of_figure(&sides[place], row.found[0].as_ref()?, row.found[place].as_ref(), limit);
        (1..sides.len()).filter_map(of_side).collect::<Vec<_>>()
    };
    pairing.rows.iter().flat_map(gate).collect()
}

/// What makes the figures unfit for use, the gates that were missed, and how many there are in all.
pub fn render(report: &Report, Percent(limit): Percent) -> String {
    let checks = report.failed_checks.iter().map(|check| format!("gate: FAIL: checks: {check}\n"));
    let mut text: String = checks.collect();
    let missed: Vec<_> = report.gates.iter().filter(|gate| !gate.is_passed()).collect();
    let of = format!("of {} figures", report.gates.len());
    if missed.is_empty() {
        let _ = writeln!(text, "gate: pass: none {of} is more than {limit} % worse than A's");
    } else {
        let header = ["gate", "worse by", "limit", ""].map(ToOwned::to_owned);
        let rows = missed.iter().map(|gate| gate.row());
        let (table, missed) = (table(&header, rows, &[0, 3]), missed.len());
        let _ =
            writeln!(text, "{table}\ngate: FAIL: {missed} {of} missed the limit of {limit} % worse than A's");
    }
    text
}

fn of_figure(side: &Side, first: &Metric, one: Option<&Metric>, Percent(limit): Percent) -> Option<Gate> {
    if first.merit == Merit::None {
        return None;
    }
    let Some(one) = one else {
        // Whether anything starts cold is chance.
        return (!first.is_cold()).then(|| gate(side, first, none(), limit, Some("not measured")));
    };
    if one.parts != first.parts {
        return Some(gate(
            side,
            first,
            "not comparable".to_owned(),
            limit,
            Some("its price has other parts"),
        ));
    }
    let worse = worse_by(one, first)?;
    // In either order, chance is the same.
    let is_chance = verdict(first, one, true) == Some(Verdict::NotShown);
    let missed = (worse > limit && !is_chance).then_some("worse than A");
    let value = match worse.is_finite() {
        true => format!("{worse:+.1} %"),
        false if one.merit.is_more_better() => "to 0".to_owned(),
        false => "from 0".to_owned(),
    };
    Some(gate(side, first, value, limit, missed))
}

fn gate(side: &Side, metric: &Metric, value: String, limit: f64, missed: Option<&str>) -> Gate {
    Gate {
        name: format!("{}: {}", side.letter, metric.path(side.scenario())),
        value,
        limit: format!("+{limit} %"),
        missed: missed.map(ToOwned::to_owned),
    }
}

/// By how much a figure is worse than another, %; less than 0 if it is better. Half the rate is as much worse as twice the time.
fn worse_by(one: &Metric, first: &Metric) -> Option<f64> {
    let (one_value, first_value) = one.value.zip(first.value)?;
    let (worse, better) =
        if one.merit.is_more_better() { (first_value, one_value) } else { (one_value, first_value) };
    let difference = worse - better;
    // Without this, two figures of 0 would be no number.
    let change = if difference == 0.0 { 0.0 } else { difference / better.abs() };
    Some(100.0 * change)
}
