//! The statistics that every result has of every measured quantity.

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats;

/// Statistics of one measured quantity, in the unit of its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The name in `samples`.
    pub name: String,
    /// Unit of the values.
    pub unit: String,
    /// How many succeeded and were measured.
    pub count: u64,
    /// How many failed, and so are in none of the figures.
    pub failures: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation; 0 for a single value.
    pub stddev: f64,
    /// Smallest value.
    pub min: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p99_9: f64,
    /// Largest value.
    pub max: f64,
    /// Completions a second over the whole run; none where that says nothing.
    pub throughput: Option<f64>,
}

/// Steps of a histogram in one unit of the values: three decimals are kept.
const RESOLUTION: f64 = 1000.0;

impl Summary {
    /// Summarizes values that are not negative. None if there is no value.
    #[must_use]
    pub fn of(name: &str, unit: &str, values: &[f64], failures: u64) -> Option<Self> {
        let spread = stats::Spread::of(values)?;
        let histogram = histogram(values);
        let percentile = |p: f64| {
            #[expect(clippy::cast_precision_loss, reason = "values below 2^53 are exact")]
            let value = histogram.value_at_quantile(p / 100.0) as f64 / RESOLUTION;
            value.clamp(spread.min, spread.max)
        };
        Some(Self {
            name: name.to_owned(),
            unit: unit.to_owned(),
            count: histogram.len(),
            failures,
            mean: spread.mean,
            stddev: spread.stddev,
            min: spread.min,
            p50: percentile(50.0),
            p90: percentile(90.0),
            p99: percentile(99.0),
            p99_9: percentile(99.9),
            max: spread.max,
            throughput: None,
        })
    }
}

fn histogram(values: &[f64]) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).expect("three significant digits are allowed");
    for value in values {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, saturating"
        )]
        let steps = (value * RESOLUTION).round() as u64;
        histogram.record(steps).expect("an automatically resizing histogram takes every value");
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_thousand_values_are_within_the_histograms_precision() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let summary = Summary::of("x", "ms", &values, 2).unwrap();
        assert_eq!((summary.count, summary.failures), (1000, 2));
        for (percentile, expected) in [(summary.p50, 500.0), (summary.p90, 900.0), (summary.p99, 990.0)] {
            assert!((percentile - expected).abs() <= expected * 0.001, "{percentile} is not {expected}");
        }
        assert!((summary.max - 1000.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_single_value_is_all_its_percentiles() {
        let summary = Summary::of("x", "ms", &[7.25], 0).unwrap();
        assert_eq!((summary.p50, summary.p99_9, summary.stddev), (7.25, 7.25, 0.0));
    }

    #[test]
    fn nothing_measured_has_no_summary() {
        assert_eq!(Summary::of("x", "ms", &[], 3), None);
    }
}
