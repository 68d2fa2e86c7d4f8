//! A limit of a figure, such as `pipeline.http.p99<200ms`.

use std::fmt;
use std::str::FromStr;

use super::Gate;
use crate::scenario::shared::metric::{Metric, Unit};
use crate::scenario::shared::tables::none;

/// Why a gate was missed whose name is none.
pub const NO_SUCH_FIGURE: &str = "no such figure";

/// What a figure has to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The figure's name, such as `pipeline.http.p99`.
    metric: String,
    comparison: Comparison,
    value: f64,
    /// As it was written; empty for a mere number.
    unit: String,
}

/// How a figure is compared with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
}

impl Comparison {
    /// The longer ones first: `<=` begins with `<`.
    const ALL: [(&'static str, Self); 5] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("<", Self::Below),
        (">", Self::Above),
    ];

    fn symbol(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(symbol, _)| symbol)
    }

    #[expect(clippy::float_cmp, reason = "a count of 0 is exactly that")]
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
            Self::Equal => value == limit,
        }
    }
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXAMPLE: &str = "write it like 'pipeline.http.p99<200ms'";
        let start = text
            .find(['<', '>', '='])
            .ok_or_else(|| format!("'{text}' has no <, <=, >, >= or ==: {EXAMPLE}"))?;
        let (metric, rest) = text.split_at(start);
        let found = Comparison::ALL.iter().find_map(|(symbol, one)| Some((*one, rest.strip_prefix(symbol)?)));
        let (comparison, limit) =
            found.ok_or_else(|| format!("'{text}' has no <, <=, >, >= or ==: {EXAMPLE}"))?;
        let limit = limit.trim();
        let is_number = |character: char| character.is_ascii_digit() || "+-.".contains(character);
        let end = limit.find(|character| !is_number(character)).unwrap_or(limit.len());
        let (number, unit) = limit.split_at(end);
        let value = number.parse().map_err(|_| format!("'{text}' has no number as its limit: {EXAMPLE}"))?;
        let metric = metric.trim().to_lowercase();
        if !metric.contains('.') {
            return Err(format!("'{text}' doesn't begin with a scenario and a figure: {EXAMPLE}"));
        }
        Ok(Self { metric, comparison, value, unit: unit.trim().to_owned() })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.metric, self.limit().replace(' ', ""))
    }
}

impl Threshold {
    /// The scenario that it is of.
    pub fn scenario(&self) -> &str {
        self.metric.split('.').next().unwrap_or_default()
    }

    /// What became of it. A figure that isn't there misses its gate: nobody knows what it would have been.
    pub fn gate(&self, scenario: &str, metrics: &[Metric]) -> Gate {
        let found = metrics.iter().find(|metric| metric.path(scenario) == self.metric);
        let (value, missed) = match found {
            None => (none(), Some(NO_SUCH_FIGURE.to_owned())),
            Some(metric) => self.outcome(metric),
        };
        Gate { name: self.metric.clone(), value, limit: self.limit(), missed }
    }

    fn outcome(&self, metric: &Metric) -> (String, Option<String>) {
        let Some(value) = metric.value else { return (none(), Some("not measured".to_owned())) };
        let shown = format!("{} {}", metric.unit.digits(value), metric.unit.symbol()).trim_end().to_owned();
        match in_unit(self.value, &self.unit, metric.unit) {
            Err(why) => (shown, Some(why)),
            Ok(limit) if self.comparison.holds(value, limit) => (shown, None),
            Ok(_) => (shown, Some("outside its limit".to_owned())),
        }
    }

    fn limit(&self) -> String {
        format!("{} {} {}", self.comparison.symbol(), self.value, self.unit).trim_end().to_owned()
    }
}

/// A limit in the figure's own unit.
fn in_unit(value: f64, written: &str, unit: Unit) -> Result<f64, String> {
    let factors: &[(&str, f64)] = match unit {
        Unit::Ms => &[("ms", 1.0), ("s", 1000.0), ("us", 0.001), ("µs", 0.001)],
        Unit::Seconds => &[("s", 1.0), ("ms", 0.001)],
        Unit::PerSecond => &[("/s", 1.0), ("", 1.0)],
        Unit::MbPerSecond => &[("MB/s", 1.0), ("", 1.0)],
        Unit::Usd => &[("USD", 1.0)],
        Unit::Percent => &[("%", 1.0)],
        Unit::None => &[("", 1.0)],
    };
    let factor = factors.iter().find(|(name, _)| *name == written);
    factor.map(|(_, factor)| value * factor).ok_or_else(|| {
        let names: Vec<_> =
            factors.iter().map(|(name, _)| if name.is_empty() { "no unit" } else { name }).collect();
        let given = if written.is_empty() { "no unit" } else { written };
        format!("it has {given}, but this figure takes {}", names.join(" or "))
    })
}
