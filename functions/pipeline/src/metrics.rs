//! Metrics, as log lines that `CloudWatch` reads.

use lambda_kit::emf::{self, Metric};
use lambda_kit::{Failure, env};
use protocol::pipeline::Hop;
use protocol::stats::real;

/// The time from one moment to a later one, µs; at least 1, also where two hosts' clocks differ by more than it took.
#[must_use]
pub fn micros(from: u64, to: u64) -> u64 {
    to.saturating_sub(from).max(1)
}

/// The metrics of a function.
#[derive(Debug, Clone)]
pub struct Metrics {
    namespace: String,
    function: &'static str,
}

impl Metrics {
    /// In the namespace that `METRICS_NAMESPACE` names.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(function: &'static str) -> Result<Self, Failure> {
        Ok(Self::new(env::setting("METRICS_NAMESPACE", "the namespace of the metrics")?, function))
    }

    /// In a namespace; `function` is how metrics and dead letters name the function.
    #[must_use]
    pub fn new(namespace: String, function: &'static str) -> Self {
        Self { namespace, function }
    }

    /// The function's name.
    pub(crate) fn function(&self) -> &'static str {
        self.function
    }

    /// Latencies from the arrival at `upstream` to the commit, µs each.
    pub(crate) fn latencies(&self, micros: impl Iterator<Item = u64>) {
        self.emit_latencies(None, micros);
    }

    /// Latencies of a hop, µs each.
    pub(crate) fn hop(&self, hop: Hop, micros: impl Iterator<Item = u64>) {
        self.emit_latencies(Some(("Hop", &hop.to_string())), micros);
    }

    /// Deliveries that were absorbed.
    pub(crate) fn duplicates(&self, count: u64) {
        self.emit_count("Duplicates", count);
    }

    /// Records that were dead-lettered.
    pub(crate) fn dead_letters(&self, count: u64) {
        self.emit_count("DeadLetters", count);
    }

    fn emit_latencies(&self, dimension: Option<(&str, &str)>, micros: impl Iterator<Item = u64>) {
        let values: Vec<f64> = micros.map(|micros| real(micros) / 1000.0).collect();
        let metric = Metric { name: "Latency", unit: "Milliseconds", values: &values };
        emf::emit(&self.namespace, dimension, &[metric]);
    }

    /// Writes a count unless it is 0.
    fn emit_count(&self, name: &str, count: u64) {
        if count > 0 {
            let metric = Metric { name, unit: "Count", values: &[real(count)] };
            emf::emit(&self.namespace, Some(("Function", self.function)), &[metric]);
        }
    }
}
