//! The contest's ranking as people read it.

use std::fmt::Write as _;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use results::contest::{Contest, Success};

use super::outcome::contender;

/// The ranked table, and below it the contenders that are out.
pub fn render(contest: &Contest, stack: &str) -> String {
    let mut text = String::new();
    if contest.success.is_empty() {
        text.push_str("no contender passed\n");
    } else {
        let _ = writeln!(text, "{}", table(contest, stack));
    }
    for failure in &contest.failure {
        let _ = writeln!(text, "out: {}: {}", contender(stack, &failure.arn), failure.reason);
    }
    text
}

fn table(contest: &Contest, stack: &str) -> Table {
    let cheapest = contest.success.iter().map(|one| one.run_price_usd).fold(f64::INFINITY, f64::min);
    let fastest = contest.success.iter().map(|one| one.duration_ms).fold(f64::INFINITY, f64::min);
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "#",
        "contender",
        "USD/1,000 runs",
        "price",
        "time ± σ",
        "",
        "memory",
        "cold start",
        "with S3 requests",
    ]);
    for (index, one) in contest.success.iter().enumerate() {
        table.add_row([
            (index + 1).to_string(),
            contender(stack, &one.arn).to_owned(),
            format!("{:.4}", one.run_price_usd * 1000.0),
            format!("{:.2} ×", one.run_price_usd / cheapest),
            format!("{} ± {}", seconds(one.duration_ms), seconds(one.duration_ms_stddev)),
            format!("{:.2} ×", one.duration_ms / fastest),
            memory(one),
            one.cold_start_ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.0} ms")),
            one.total_price_usd.map_or_else(|| "–".to_owned(), |usd| format!("{:.4}", usd * 1000.0)),
        ]);
    }
    for column in table.column_iter_mut().filter(|column| column.index != 1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn seconds(ms: f64) -> String {
    format!("{:.3} s", ms / 1000.0)
}

fn memory(one: &Success) -> String {
    let used = one.max_memory_mb.map_or_else(|| "–".to_owned(), |mb| mb.to_string());
    format!("{used}/{} MB", one.memory_mb)
}
