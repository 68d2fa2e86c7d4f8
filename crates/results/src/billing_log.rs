//! The REPORT line that Lambda writes behind every invocation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a REPORT line says about an invocation.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The invocation's request id; an event that is tried again keeps its own.
    pub request_id: String,
    /// Charged time, ms; initialization included.
    pub billed_ms: f64,
    /// Most memory the environment has used so far, MB.
    pub max_memory_mb: u64,
    /// Time of a cold start's initialization, ms; none in a warm environment.
    pub init_ms: Option<f64>,
}

impl Report {
    /// Reads a line such as `REPORT RequestId: … Duration: 1.5 ms Billed Duration: 2 ms …`, its fields separated
    /// by tabs. None if it is another line. Fields that are not needed, such as X-Ray's, are passed over.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let fields = line.trim_start().strip_prefix("REPORT RequestId:")?;
        let value = |name: &str, unit: &str| {
            let field = fields.split(['\t', '\n']).find_map(|field| field.trim().strip_prefix(name))?;
            field.strip_prefix(':')?.trim().strip_suffix(unit).map(str::trim_end)
        };
        Some(Self {
            request_id: fields.split_whitespace().next()?.to_owned(),
            billed_ms: value("Billed Duration", "ms").and_then(milliseconds)?,
            max_memory_mb: value("Max Memory Used", "MB")?.parse().ok()?,
            init_ms: value("Init Duration", "ms")
                .or_else(|| value("Restore Duration", "ms"))
                .and_then(milliseconds),
        })
    }
}

/// A function may print such a line itself, with `NaN`, which Rust reads as a number.
fn milliseconds(text: &str) -> Option<f64> {
    text.parse().ok().filter(|ms: &f64| ms.is_finite() && *ms >= 0.0)
}

/// A function's invocations, from their REPORT lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionUse {
    /// Its part in the scenario, such as `upstream`.
    pub function: String,
    /// How many there were.
    pub invocations: u64,
    /// Their billed durations together, ms.
    pub billed_ms: f64,
    /// Those in a freshly initialized environment.
    pub cold_starts: u64,
    /// Mean initialization, ms; none without a cold start.
    pub init_ms: Option<f64>,
    /// Longest initialization, ms.
    pub max_init_ms: Option<f64>,
    /// Most memory that an environment used, MB.
    pub max_memory_mb: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARM: &str = "REPORT RequestId: 3897a7c2\tDuration: 12.34 ms\tBilled Duration: 13 ms\t\
                        Memory Size: 128 MB\tMax Memory Used: 50 MB\t";

    #[test]
    fn a_line_that_lambda_cannot_have_written_is_none() {
        for duration in ["NaN", "inf", "-1", "soon"] {
            let line = WARM.replace("Billed Duration: 13", &format!("Billed Duration: {duration}"));
            assert_eq!(Report::parse(&line), None, "{duration}");
        }
    }

    #[test]
    fn a_warm_invocation_has_no_initialization() {
        let report = Report::parse(WARM).unwrap();
        assert_eq!(
            report,
            Report { request_id: "3897a7c2".to_owned(), billed_ms: 13.0, max_memory_mb: 50, init_ms: None }
        );
    }

    #[test]
    fn a_cold_start_has_its_initialization() {
        let report = Report::parse(&format!("{WARM}Init Duration: 80.12 ms\t\n")).unwrap();
        assert_eq!(report.init_ms, Some(80.12));
    }

    #[test]
    fn a_restored_snapshot_counts_as_a_cold_start() {
        let line = format!("{WARM}Restore Duration: 210.5 ms\tBilled Restore Duration: 211 ms\t\n");
        assert_eq!(Report::parse(&line).unwrap().init_ms, Some(210.5));
    }

    #[test]
    fn fields_that_we_do_not_know_do_not_disturb() {
        let line =
            format!("{WARM}\nXRAY TraceId: 1-5e34-bc\tSegmentId: 4d\tSampled: true\t\nStatus: timeout\t");
        assert_eq!(Report::parse(&line), Report::parse(WARM));
    }

    #[test]
    fn other_lines_and_cut_ones_are_no_reports() {
        for line in ["", "END RequestId: 1", "REPORT RequestId: 1\tDuration: 1 ms", "I REPORT RequestId: 1"] {
            assert_eq!(Report::parse(line), None, "{line}");
        }
    }
}
