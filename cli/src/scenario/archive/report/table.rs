//! The contest's ranking as people read it.

use std::fmt::Write as _;

use protocol::stats::real;
use results::cost::Cost;
use results::scenario::archive::{Contest, Success};

use super::contender;
use crate::layout::Table;
use crate::scenario::shared::cost;
use crate::scenario::shared::tables::{self, none};

/// Characters of a reason that people get to see.
const MAX_REASON: usize = 200;

/// The ranked table, below it the contenders that are out, and what a run of each costs.
pub fn render(contest: &Contest, stack: &str, costs: &[Cost]) -> String {
    let mut text = String::new();
    if contest.success.is_empty() {
        text.push_str("no contender passed\n");
    } else {
        let _ = writeln!(text, "{}", table(contest, stack));
    }
    for failure in &contest.failure {
        let _ = writeln!(text, "out: {}: {}", contender(stack, &failure.arn), shortened(&failure.reason));
    }
    if !costs.is_empty() {
        let _ = write!(text, "\n{}", cost::render(costs));
    }
    text
}

fn table(contest: &Contest, stack: &str) -> Table {
    let cheapest = contest.success.iter().map(|one| one.run_price_usd).fold(f64::INFINITY, f64::min);
    let fastest = contest.success.iter().map(|one| real(one.duration_ms)).fold(f64::INFINITY, f64::min);
    let header = [
        "#",
        "contender",
        "USD/1,000 runs",
        "relative",
        "time ± σ",
        "relative",
        "memory",
        "cold start",
        "S3 writes",
        "with S3 requests",
    ];
    let rows = contest.success.iter().enumerate().map(|(index, one)| {
        vec![
            (index + 1).to_string(),
            contender(stack, &one.arn).to_owned(),
            price(one.run_price_usd),
            format!("{:.2} ×", one.run_price_usd / cheapest),
            format!("{} ± {}", seconds(one.duration_ms), seconds(one.duration_ms_stddev)),
            format!("{:.2} ×", real(one.duration_ms) / fastest),
            memory(one),
            one.cold_start_ms.map_or_else(none, |ms| format!("{ms:.0} ms")),
            one.s3.map_or_else(none, |used| format!("{:.0}", used.writes)),
            one.total_price_usd.map_or_else(none, price),
        ]
    });
    tables::table(&header.map(ToOwned::to_owned), rows, &[1])
}

/// A reason without the end of a long one, such as a stack trace; the result file has all of it.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(MAX_REASON) {
        Some((end, _)) => format!("{} … (--json has all of it)", &reason[..end]),
        None => reason.to_owned(),
    }
}

/// What 1,000 runs cost, USD.
pub fn price(run_usd: f64) -> String {
    format!("{:.4}", run_usd * 1000.0)
}

/// A time.
pub fn seconds(ms: u64) -> String {
    format!("{:.3} s", real(ms) / 1000.0)
}

fn memory(one: &Success) -> String {
    let used = one.max_memory_mb.map_or_else(none, |mb| mb.to_string());
    format!("{used}/{} MB", one.memory_mb)
}

#[cfg(test)]
mod tests {
    use results::scenario::archive::Failure;

    use super::*;
    use crate::scenario::archive::testing::success;

    #[test]
    fn the_cheapest_comes_first_and_what_was_not_measured_is_a_dash() {
        let contest = Contest {
            success: vec![success("rust-stream", 2000), success("python-naive", 5000)],
            failure: vec![Failure {
                arn: "arn:aws:lambda:us-east-1:0:function:lambench-dev-go-quick".to_owned(),
                reason: "crash: Runtime.ExitError / exit status 1".to_owned(),
            }],
        };
        insta::assert_snapshot!(render(&contest, "dev", &[]));
    }

    #[test]
    fn a_contest_without_a_winner_says_so() {
        let contest = Contest { success: vec![], failure: vec![] };
        assert_eq!(render(&contest, "dev", &[]), "no contender passed\n");
    }
}
