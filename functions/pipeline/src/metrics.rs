//! Metrics, as log lines that `CloudWatch` reads.

use lambda_kit::emf::{self, Metric};
use protocol::pipeline::Hop;

/// What the seed calls its metrics.
const NAMESPACE: &str = "ServerlessDataProcessingPipeline/Latencies";

/// The time from one moment to a later one, µs; at least 1, also where two hosts' clocks differ by more than it took.
pub fn micros(from: u64, to: u64) -> u64 {
    to.saturating_sub(from).max(1)
}

/// Latencies from the arrival at `upstream` to the commit, µs each.
pub fn latencies(micros: impl Iterator<Item = u64>) {
    emit_latencies(None, micros);
}

/// Latencies of a hop, µs each.
pub fn hop(hop: Hop, micros: impl Iterator<Item = u64>) {
    emit_latencies(Some(("Hop", &hop.to_string())), micros);
}

/// Deliveries that were absorbed.
pub fn duplicates(function: &str, count: u64) {
    emit_count(function, "Duplicates", count);
}

/// Records put aside.
pub fn dead_letters(function: &str, count: u64) {
    emit_count(function, "DeadLetters", count);
}

fn emit_latencies(dimension: Option<(&str, &str)>, micros: impl Iterator<Item = u64>) {
    let values: Vec<f64> = micros.map(|micros| real(micros) / 1000.0).collect();
    emf::emit(NAMESPACE, dimension, &[Metric { name: "Latency", unit: "Milliseconds", values: &values }]);
}

/// Writes a count unless it is 0.
fn emit_count(function: &str, name: &str, count: u64) {
    if count > 0 {
        let metric = Metric { name, unit: "Count", values: &[real(count)] };
        emf::emit(NAMESPACE, Some(("Function", function)), &[metric]);
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn real(count: u64) -> f64 {
    count as f64
}
