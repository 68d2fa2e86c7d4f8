//! `--fail-on`: what fails a run besides its own checks.

use clap::ValueEnum;

use super::Gate;
use crate::scenario::shared::metric::{Merit, Metric, RUN, Unit};

/// What misses a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A contender of the archive contest that is out
    Out,
    /// Requests, statements, messages, objects or items that failed, such as dead letters
    Failures,
    /// An event that the splitter's function answers with 400
    Rejected,
    /// Any warning; a local result always has one
    Warnings,
}

impl FailOn {
    /// Whether a result has such a thing.
    pub fn gate(self, scenario: &str, metrics: &[Metric]) -> Gate {
        let counts = metrics.iter().filter(|metric| metric.unit == Unit::None && self.counts(metric));
        // Each figure by itself: a message may be counted in several.
        let found = counts.filter_map(|metric| {
            let value = metric.value.filter(|value| *value > 0.0)?;
            Some(format!("{} {value}", metric.path(scenario)))
        });
        let found: Vec<String> = found.collect();
        Gate {
            name: format!("--fail-on {}", self.name()),
            value: if found.is_empty() { "0".to_owned() } else { found.join(", ") },
            limit: "0".to_owned(),
            missed: (!found.is_empty()).then(|| "more than 0".to_owned()),
        }
    }

    fn counts(self, metric: &Metric) -> bool {
        match self {
            Self::Out => metric.name == "contenders out",
            Self::Rejected => metric.name == "events rejected",
            Self::Warnings => metric.name == "warnings",
            Self::Failures => {
                metric.merit == Merit::Failures && metric.of != RUN && metric.name != "events rejected"
            }
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
