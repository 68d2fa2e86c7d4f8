//! The seed's metrics, as log lines that `CloudWatch` reads.

use lambda_kit::emf::{self, Metric};
use protocol::aurora::{Action, Outcome};

use crate::ledger::text;
use crate::record::Sample;

/// Writes an attempt's `COMPLETIONS` and `DURATION`s to the log, namespace `PERFORMANCE/AURORA/<database>`. Of more than
/// 10,000 durations an even sample is written.
pub fn emit(database: &str, action: Action, outcome: &Outcome, sample: &Sample) {
    let completions = [real(outcome.completions)];
    emf::emit(
        &format!("PERFORMANCE/AURORA/{database}"),
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
