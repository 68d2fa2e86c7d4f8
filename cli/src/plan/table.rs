//! Predictions as people read them.

use std::fmt::Write as _;

use protocol::stats::real;

use super::prediction::{Design, Planned};
use crate::scenario::shared::tables::{digits, table};

/// All designs, and what the figures are.
pub fn render(planned: &Planned) -> String {
    let header =
        ["#", "contender", "functions", "memory", "time", "Lambda", "with requests", "S3 writes", "S3 reads"];
    let rows = planned.designs.iter().enumerate().map(|(place, design)| row(place + 1, design));
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "archive on stack {}: {} objects, {:.2} GB; COMPUTED: nothing was run\nleast {} first; prices in USD per 1,000 runs",
        planned.stack,
        planned.objects,
        real(planned.bytes) / 1e9,
        planned.objective.name()
    );
    let header = header.map(str::to_owned);
    let _ = writeln!(text, "{}", table(&header, rows, &[1]));
    text.push_str(
        "assumed: 75 MB/s per function, S3's usual latencies, a bucket that takes 3,500 writes per second; runs of rust-copy-plan and \
         rust-stream were up to 20 % away, rust-fan-out was not measured (docs/scenarios/archive.md)\n",
    );
    text
}

fn row(place: usize, design: &Design) -> Vec<String> {
    vec![
        place.to_string(),
        design.contender.to_owned(),
        design.invocations.to_string(),
        format!("{} MB", design.memory_mb),
        format!("{} s", digits(design.seconds)),
        digits(design.lambda_usd * 1e3),
        digits(design.total_usd * 1e3),
        design.s3_writes.to_string(),
        design.s3_reads.to_string(),
    ]
}
