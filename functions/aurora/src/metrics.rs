//! The public load test's metrics, as log lines that `CloudWatch` reads.

use lambda_kit::emf::{self, Metric};
use lambda_kit::{Failure, env};
use protocol::aurora::{Action, Outcome};

use crate::attempt_stats::Sample;
use crate::ledger::text;

/// Where `CloudWatch` has the metrics: `METRICS_NAMESPACE`.
///
/// # Errors
/// If the variable is missing.
pub fn namespace() -> Result<String, Failure> {
    Ok(env::setting("METRICS_NAMESPACE", "where CloudWatch has the metrics")?)
}

/// Writes an attempt's `COMPLETIONS` and `DURATION`s to the log. Of more than
/// 10,000 durations an even sample is written.
pub fn emit(namespace: &str, action: Action, outcome: &Outcome, sample: &Sample) {
    let completions = [real(outcome.completions)];
    emf::emit(
        namespace,
        Some(("ACTION", &text(&action))),
        &[
            Metric { name: "COMPLETIONS", unit: "Count", values: &completions },
            Metric { name: "DURATION", unit: "Milliseconds", values: sample.values() },
        ],
    );
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn real(count: u64) -> f64 {
    count as f64
}
