//! A figure of a result by its name, as `lambench compare` and gates find it.

use super::memory_sweep::prefixed;
use super::tables::digits;
use crate::significance::Sample;

/// What is of a whole run, and not of a part of it.
pub const RUN: &str = "run";

/// One figure of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The memory of its functions, MB, where a result has several sizes.
    pub memory_mb: Option<u64>,
    /// What it is of, such as `rust-stream` or `concurrency 10: item`; [`RUN`] for all of it.
    pub of: String,
    /// What was measured, such as `p99`.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Which way is better.
    pub merit: Merit,
    /// The figure; none if it was not measured.
    pub value: Option<f64>,
    /// The runs that it is the mean of; none for what is no mean of runs, such as the median of several.
    pub runs: Option<Sample>,
    /// What a price consists of: prices of different parts say nothing beside each other.
    pub parts: Vec<String>,
}

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Seconds.
    Seconds,
    /// Something per second.
    PerSecond,
    /// 1,000,000 bytes per second.
    MbPerSecond,
    /// US dollars.
    Usd,
    /// Hundredths of something.
    Percent,
    /// A number of something.
    None,
}

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merit {
    /// A time: the shorter, the better.
    Time,
    /// A rate: the higher, the better.
    Rate,
    /// A price: the lower, the better.
    Price,
    /// A number of what should not be: the lower, the better.
    Failures,
    /// What is the better the higher, such as a speed-up.
    Gain,
    /// Neither way.
    None,
}

impl Unit {
    /// As it stands behind a value; empty for a mere number.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Ms => "ms",
            Self::Seconds => "s",
            Self::PerSecond => "/s",
            Self::MbPerSecond => "MB/s",
            Self::Usd => "USD",
            Self::Percent => "%",
            Self::None => "",
        }
    }

    /// A value as people read it: all digits of a count, which has a fraction as the mean of several, and enough of anything else.
    pub fn digits(self, value: f64) -> String {
        if self == Self::None && value.fract() == 0.0 { value.to_string() } else { digits(value) }
    }
}

impl Merit {
    /// What something is that is better, and what it is if it is worse; none if it is neither.
    pub fn words(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Time | Self::Rate => Some(["faster", "slower"]),
            Self::Price => Some(["cheaper", "more expensive"]),
            Self::Failures => Some(["fewer", "more"]),
            Self::Gain => Some(["better", "worse"]),
            Self::None => None,
        }
    }

    /// Whether more of it is better.
    pub fn is_more_better(self) -> bool {
        matches!(self, Self::Rate | Self::Gain)
    }
}

impl Metric {
    /// A figure of a single run.
    pub fn new(
        of: impl Into<String>,
        name: &'static str,
        unit: Unit,
        merit: Merit,
        value: impl Into<Option<f64>>,
    ) -> Self {
        let value = value.into();
        let runs = value.map(Sample::of_one);
        Self { memory_mb: None, of: of.into(), name, unit, merit, value, runs, parts: Vec::new() }
    }

    /// The mean of several runs, or of one.
    #[must_use]
    pub fn over(self, runs: Sample) -> Self {
        Self { value: Some(runs.mean), runs: Some(runs), ..self }
    }

    /// A percentile or an extreme of several runs, of which nobody can tell whether it is larger than another by chance.
    #[must_use]
    pub fn of_several(self) -> Self {
        Self { merit: Merit::None, runs: None, ..self }
    }

    /// Whether it is of cold starts: whether there are any is chance.
    pub fn is_cold(&self) -> bool {
        self.of.contains("cold")
    }

    /// Its name in a gate, such as `splitter.512-mb.concurrency-10.item.p99`.
    pub fn path(&self, scenario: &str) -> String {
        let size = self.memory_mb.map(|memory_mb| format!("{memory_mb}-mb"));
        let of = (self.of != RUN).then(|| slug(&self.of));
        let parts = std::iter::once(scenario.to_owned()).chain(size).chain(of).chain([slug(self.name)]);
        parts.collect::<Vec<_>>().join(".")
    }

    /// What it is of, as people read it, such as `512 MB: concurrency 10`.
    pub fn label(&self) -> String {
        match self.memory_mb {
            Some(memory_mb) => prefixed(memory_mb, &self.of),
            None => self.of.clone(),
        }
    }
}

/// A name that needs no quotes in a shell: `sqlx SELECT, 5 clients` is `sqlx-select-5-clients`.
fn slug(name: &str) -> String {
    let parts = name.split(": ").map(|part| {
        let kept = part.replace('\'', "").to_lowercase();
        let words = kept.split(|character: char| !character.is_alphanumeric() && character != '.');
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_gate_needs_no_quotes() {
        for (of, name, expected) in [
            ("http, cold starts", "p99.9", "x.http-cold-starts.p99.9"),
            ("sqlx SELECT, 5 clients", "throughput", "x.sqlx-select-5-clients.throughput"),
            ("concurrency 10: item", "mean", "x.concurrency-10.item.mean"),
            (
                "a million messages, with Aurora's capacity",
                "price",
                "x.a-million-messages-with-auroras-capacity.price",
            ),
            (RUN, "failed checks", "x.failed-checks"),
        ] {
            let metric = Metric::new(of, name, Unit::None, Merit::None, 1.0);
            assert_eq!(metric.path("x"), expected);
        }
        let sized =
            Metric { memory_mb: Some(512), ..Metric::new("sdk", "elapsed", Unit::Seconds, Merit::Time, 1.0) };
        assert_eq!(
            (sized.path("x").as_str(), sized.label().as_str()),
            ("x.512-mb.sdk.elapsed", "512 MB: sdk")
        );
    }
}
