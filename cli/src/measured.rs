//! Latencies with their name, as a result file keeps them.

use protocol::histogram::Histogram;
use protocol::summary::Summary;
use results::file::Samples;

/// Some latencies of a run.
pub struct Measured {
    /// Such as `sqlx SELECT, 5 clients`.
    pub name: String,
    /// Of those that succeeded.
    pub histogram: Histogram,
    /// How many failed besides.
    pub failures: u64,
    /// Completions a second; none where they aren't a rate of their own.
    pub per_second: Option<f64>,
}

impl Measured {
    /// Their statistics; none without latencies.
    pub fn summary(&self) -> Option<Summary> {
        let summary = self.histogram.summary(&self.name, self.failures)?;
        Some(Summary { throughput: self.per_second, ..summary })
    }

    /// All of them.
    pub fn samples(self) -> Samples {
        let histogram = Some(self.histogram);
        Samples { name: self.name, unit: "ms".to_owned(), values: Vec::new(), histogram }
    }
}
