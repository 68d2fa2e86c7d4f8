//! Metrics, as log lines that `CloudWatch` reads.

use lambda_kit::emf::{self, Metric};
use protocol::s3_read::Variant;
use protocol::stats::real;

use crate::object::Reading;

/// Writes what came of a batch: `FirstByte`, `Total` and `Bytes` of each object that was read, and how many were not.
pub fn emit(namespace: &str, variant: Variant, readings: &[&Reading], failures: usize) {
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
    emf::emit(namespace, Some(("Variant", variant.name())), &metrics);
}
