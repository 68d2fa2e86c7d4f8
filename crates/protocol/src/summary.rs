//! The statistics that every result has of every measured quantity.

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
    /// Completions per second over the whole run; none where that says nothing.
    pub throughput: Option<f64>,
}

impl Summary {
    /// Summarizes raw values; a percentile is the smallest value that so many per cent don't exceed (nearest rank), so
    /// it is always one that was measured. None if there is no value.
    #[must_use]
    pub fn of(name: &str, unit: &str, values: &[f64], failures: u64) -> Option<Self> {
        let spread = stats::Spread::of(values)?;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            name: name.to_owned(),
            unit: unit.to_owned(),
            count: sorted.len() as u64,
            failures,
            mean: spread.mean,
            stddev: spread.stddev,
            min: spread.min,
            p50: nearest_rank(&sorted, 500),
            p90: nearest_rank(&sorted, 900),
            p99: nearest_rank(&sorted, 990),
            p99_9: nearest_rank(&sorted, 999),
            max: spread.max,
            throughput: None,
        })
    }
}

/// The value below or at which `per_mille` of a thousand values lie.
fn nearest_rank(sorted: &[f64], per_mille: usize) -> f64 {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    sorted[rank.max(1) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let summary = Summary::of("x", "ms", &values, 2).unwrap();
        assert_eq!((summary.count, summary.failures), (1000, 2));
        let percentiles = [summary.p50, summary.p90, summary.p99, summary.p99_9].map(stats::whole);
        assert_eq!(percentiles, [500, 900, 990, 999]);
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
