//! A measured quantity with its name, as a result file keeps it.

use protocol::histogram::Histogram;
use protocol::summary::Summary;
use results::file::Samples;

/// The values of a measured quantity, ms.
pub enum Values {
    /// Each of them.
    Raw(Vec<f64>),
    /// Their distribution, where they are too many to keep each.
    Histogram(Histogram),
}

/// A measured quantity of a run.
pub struct Series {
    /// Such as `sqlx SELECT, 5 clients`.
    pub name: String,
    /// Durations of what succeeded.
    pub values: Values,
    /// How many failed besides.
    pub failures: u64,
    /// Completions per second; none where they aren't a rate of their own.
    pub per_second: Option<f64>,
}

impl Series {
    /// Whether anything was measured.
    pub fn has_values(&self) -> bool {
        match &self.values {
            Values::Raw(values) => !values.is_empty(),
            Values::Histogram(histogram) => histogram.count() > 0,
        }
    }

    /// Their statistics; none without values.
    pub fn summary(&self) -> Option<Summary> {
        let summary = match &self.values {
            Values::Raw(values) => Summary::of(&self.name, "ms", values, self.failures),
            Values::Histogram(histogram) => histogram.summary(&self.name, self.failures),
        };
        Some(Summary { throughput: self.per_second, ..summary? })
    }

    /// All of them.
    pub fn samples(self) -> Samples {
        let (values, histogram) = match self.values {
            Values::Raw(values) => (values, None),
            Values::Histogram(histogram) => (Vec::new(), Some(histogram)),
        };
        Samples { name: self.name, unit: "ms".to_owned(), values, histogram }
    }
}
