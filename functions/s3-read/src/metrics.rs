//! Metrics, as log lines that `CloudWatch` reads.

use lambda_kit::emf::{self, Metric};

use crate::object::Reading;
use crate::variant::Variant;

/// Of all metrics.
const NAMESPACE: &str = "lambench/s3-read";

/// Writes what came of a batch: `FirstByte`, `Total` and `Bytes` of each object that was read, and how many were not.
pub fn emit(variant: Variant, readings: &[&Reading], failures: usize) {
    let values = |of: fn(&Reading) -> f64| readings.iter().copied().map(of).collect::<Vec<_>>();
    let (first, total) = (values(|reading| reading.first_byte_ms), values(|reading| reading.total_ms));
    let bytes = values(|reading| real(reading.bytes));
    let failures = [real(failures as u64)];
    let metrics = [
        Metric { name: "FirstByte", unit: "Milliseconds", values: &first },
        Metric { name: "Total", unit: "Milliseconds", values: &total },
        Metric { name: "Bytes", unit: "Bytes", values: &bytes },
        Metric { name: "Failures", unit: "Count", values: &failures },
    ];
    emf::emit(NAMESPACE, Some(("Variant", variant.name())), &metrics);
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn real(count: u64) -> f64 {
    count as f64
}
