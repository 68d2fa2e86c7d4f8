//! Predictions as people read them.

use std::fmt::Write as _;

use protocol::stats::real;

use super::prediction::{Design, Planned};
use crate::scenario::shared::tables::{digits, table};

/// All designs, and what the figures are.
pub fn render(planned: &Planned) -> String {
    let header = [
        "#",
        "contender",
        "functions",
        "memory",
        "time",
        "Lambda",
        "with requests",
        "S3 writes",
        "S3 reads",
        "best",
    ];
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
    let _ = writeln!(text, "{}", table(&header, rows, &[1, 9]));
    text.push_str(
        "assumed: 75 MB/s per function, S3's latencies by its model, a bucket that takes 3,500 writes per second \
         (docs/scenarios/archive.md); lambench run archive says how far its runs were from this\n",
    );
    text
}

fn row(place: usize, design: &Design) -> Vec<String> {
    let predicted = &design.predicted;
    let best: Vec<_> = design.best.iter().map(|objective| objective.winner()).collect();
    vec![
        place.to_string(),
        design.contender.to_owned(),
        predicted.invocations.to_string(),
        format!("{} MB", design.memory_mb),
        format!("{} s", digits(predicted.seconds)),
        digits(predicted.lambda_usd * 1e3),
        digits(predicted.total_usd * 1e3),
        predicted.s3_writes.to_string(),
        predicted.s3_reads.to_string(),
        best.join(", "),
    ]
}
