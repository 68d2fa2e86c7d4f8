//! Which figures of the sides belong together: those that measure the same, whatever else a result has.

use results::file::RunResult;
use results::scenario::Detail;

use super::Side;
use crate::scenario::shared::metric::{Metric, RUN};
use crate::scenario::shared::tables::distinct;
use crate::scenario::{memory_mb, metrics};
use crate::significance::Sample;

/// The sides' figures, matched.
pub struct Pairing {
    /// In the order in which people look for them.
    pub rows: Vec<Row>,
}

/// The same figure of each side.
pub struct Row {
    /// In the order of the sides; none where it was not measured.
    pub found: Vec<Option<Metric>>,
}

/// What a figure measures: of which functions' memory, of what, which one.
type Key = (Option<u64>, String, &'static str);

impl Pairing {
    /// Matches figures by what they measure; a run beside a memory sweep is beside the size that its functions had.
    pub fn of(sides: &[Side]) -> Self {
        let is_sweep = |result: &RunResult| matches!(result.detail, Detail::MemorySweep(_));
        let by_memory = sides.iter().flat_map(Side::results).any(is_sweep);
        let all: Vec<Vec<Metric>> = sides.iter().map(|side| of_side(side, by_memory)).collect();
        let keys: Vec<Key> = all.iter().flatten().map(key).collect();
        let row = |wanted: &Key| Row {
            found: all.iter().map(|one| one.iter().find(|metric| key(metric) == *wanted).cloned()).collect(),
        };
        Self { rows: distinct(keys.iter()).into_iter().map(row).collect() }
    }
}

impl Row {
    /// What it is of, its unit and its merit.
    pub fn metric(&self) -> Option<&Metric> {
        self.found.iter().flatten().next()
    }

    /// How many sides have it.
    pub fn sides(&self) -> usize {
        self.found.iter().flatten().count()
    }
}

fn key(metric: &Metric) -> Key {
    (metric.memory_mb, metric.of.clone(), metric.name)
}

/// The measured figures of a side, each the mean of its runs. What one run lacks, or has in other parts, has no mean: that of the
/// others would be another figure. Whether anything starts cold is chance.
fn of_side(side: &Side, by_memory: bool) -> Vec<Metric> {
    let of_runs: Vec<Vec<Metric>> = side.results().map(|result| of_result(result, by_memory)).collect();
    let [first, others @ ..] = of_runs.as_slice() else { return Vec::new() };
    if others.is_empty() {
        return first.clone();
    }
    let mut all: Vec<Metric> = Vec::new();
    for metric in of_runs.iter().flatten() {
        if all.iter().all(|one| key(one) != key(metric)) {
            let same: Vec<_> = of_runs.iter().flatten().filter(|one| key(one) == key(metric)).collect();
            let is_in_all = same.len() == of_runs.len() || metric.is_cold();
            if !is_in_all || same.iter().any(|one| one.parts != metric.parts) {
                continue;
            }
            let values: Vec<f64> = same.into_iter().filter_map(|one| one.value).collect();
            all.extend(Sample::of(&values).map(|runs| metric.clone().over(runs)));
        }
    }
    all
}

fn of_result(result: &RunResult, by_memory: bool) -> Vec<Metric> {
    let measured = metrics(result).into_iter().filter(|metric| metric.value.is_some());
    let sized = |metric: Metric| {
        let own = if by_memory && metric.of != RUN { memory_mb(result, &metric.of) } else { None };
        Metric { memory_mb: metric.memory_mb.or(own), ..metric }
    };
    measured.map(sized).collect()
}
