//! A forecast as people read it.

use std::fmt::Write as _;

use results::cost::Cost;

use super::forecast::Forecast;
use super::range::Range;
use super::standing::Standing;
use crate::layout::Table;
use crate::scenario::shared::limits::{self, Limit};
use crate::scenario::shared::tables::{amount, digits, none, table};

impl Forecast {
    /// All of it.
    pub fn render(&self) -> String {
        let mut text = self.render_without_limit_warnings();
        for warning in limits::warnings(&self.limits) {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    /// What it says before the warnings about limits, which stand in a result as well.
    pub fn render_without_limit_warnings(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}", self.heading());
        if !self.standing.is_empty() {
            let _ =
                writeln!(text, "\nwhat stands, whether anything runs or not:\n{}", standing(&self.standing));
        }
        let _ =
            writeln!(text, "\nwhat the run uses, as its result will count it:\n{}", costs(&self.run.items));
        if !self.besides.is_empty() {
            let _ = writeln!(
                text,
                "\nwhat it uses besides (not compared with the result):\n{}",
                costs(&self.besides)
            );
        }
        if !self.limits.is_empty() {
            let _ = writeln!(text, "\nlimits:\n{}", table_of(&self.limits));
        }
        if let Some(first) = limits::meets_first(&self.limits) {
            let _ = writeln!(text, "{first}");
        }
        let _ = writeln!(text, "\n{}", self.summary());
        for assumption in &self.run.assumptions {
            let _ = writeln!(text, "assumption: {assumption}");
        }
        if !self.not_counted.is_empty() {
            let _ = writeln!(text, "not counted: {}", self.not_counted);
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    fn heading(&self) -> String {
        let Self { scenario, stack, region, architecture, .. } = self;
        let place = if self.is_on_aws { "AWS" } else { "LOCAL: nothing is charged; prices are AWS's" };
        format!("{scenario} on stack {stack} ({place}), {region}, {architecture}")
    }

    /// What the run costs and how long it takes.
    pub fn summary(&self) -> String {
        let standing: [f64; 2] = [
            self.standing.iter().map(|one| one.low_usd_per_hour).sum(),
            self.standing.iter().map(|one| one.high_usd_per_hour).sum(),
        ];
        format!(
            "estimate: the run costs {}, takes {}; the stack costs {} per hour",
            usd(self.total_usd),
            time(self.seconds),
            usd(Range::new(standing[0], standing[1], standing[1])),
        )
    }
}

/// Such as `0.0123 USD (0.0100 to 0.0200)`.
pub fn usd(usd: Range) -> String {
    between(usd, digits, " USD")
}

fn time(seconds: Range) -> String {
    format!("about {}", between(seconds, duration, ""))
}

fn between(range: Range, shown: impl Fn(f64) -> String, unit: &str) -> String {
    let [low, expected, high] = [range.low, range.expected, range.high].map(shown);
    if low == high { format!("{expected}{unit}") } else { format!("{expected}{unit} ({low} to {high})") }
}

/// Such as `45 s`, `12 min` or `3.5 h`.
fn duration(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        120.0..7200.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

fn standing(all: &[Standing]) -> Table {
    let header = ["what", "USD per hour", "price"].map(ToOwned::to_owned);
    let rows = all.iter().map(|one| {
        let usd = Range::new(one.low_usd_per_hour, one.high_usd_per_hour, one.high_usd_per_hour);
        let cell = if usd.low < usd.high {
            format!("{} to {}", digits(usd.low), digits(usd.high))
        } else {
            digits(usd.high)
        };
        vec![one.item.clone(), cell, format!("{} per {}", one.price.usd, one.price.unit)]
    });
    table(&header, rows, &[0, 2])
}

fn costs(all: &[Cost]) -> Table {
    let header = ["", "what", "quantity", "unit", "USD"].map(ToOwned::to_owned);
    let value = |value: Option<f64>| value.map_or_else(none, digits);
    let rows = all.iter().flat_map(|cost| {
        let lines = cost.lines.iter().map(|line| {
            let quantity = line.quantity.map_or_else(none, amount);
            let usd = value(line.usd);
            vec![cost.item.clone(), line.name.clone(), quantity, line.price.unit.clone(), usd]
        });
        let sum = [cost.item.clone(), "sum".to_owned(), String::new(), String::new(), value(cost.usd)];
        lines.chain([sum.to_vec()])
    });
    table(&header, rows, &[0, 1, 3])
}

fn table_of(limits: &[Limit]) -> Table {
    let header = ["limit", "this run", "allowed", "share", "source"].map(ToOwned::to_owned);
    let rows = limits.iter().map(|limit| {
        let results::limits::Limit { what, needed, allowed, .. } = &limit.of_run;
        vec![what.clone(), amount(*needed), amount(*allowed), limit.share(), limit.source().to_owned()]
    });
    table(&header, rows, &[0, 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_they_can_be() {
        let shown = [45.4, 119.0, 120.0, 5400.0, 9000.0].map(duration);
        assert_eq!(shown, ["45 s", "119 s", "2 min", "90 min", "2.5 h"]);
        assert_eq!(time(Range::new(10.0, 20.0, 200.0)), "about 20 s (10 s to 3 min)");
        assert_eq!(usd(Range::exact(0.5)), "0.5000 USD");
        assert_eq!(usd(Range::new(0.25, 0.5, 1.0)), "0.5000 USD (0.2500 to 1.000)");
    }
}
