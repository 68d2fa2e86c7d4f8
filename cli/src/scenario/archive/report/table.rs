//! The contest's ranking as people read it.

use std::fmt::Write as _;

use protocol::stats::real;
use results::cost::Cost;
use results::scenario::archive::{Class, Contest, Failure, Success};

use super::requests::in_words;
use super::{chosen, contender, prediction};
use crate::layout::Table;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::shared::cost;
use crate::scenario::shared::tables::{self, none};

/// Characters of a reason that people get to see.
const MAX_REASON: usize = 200;

/// What was chosen, the ranked table, below it what was predicted, the contenders that are out, and what 1,000 runs of each cost.
pub fn render(contest: &Contest, stack: &str, costs: &[Cost], rank_by: RankBy) -> String {
    let mut text = chosen::line(contest).map_or_else(String::new, |line| line + "\n");
    if contest.success.is_empty() {
        let passed =
            if contest.unranked.is_empty() { "no contender passed" } else { "no contender has a rank" };
        let _ = writeln!(text, "{passed}");
    } else {
        let tables = Class::ALL.iter().filter_map(|class| {
            let ranked = rank_by.ranked(contest, *class);
            let heading = || rank_by.heading(contest, *class);
            (!ranked.is_empty()).then(|| format!("{}\n{}\n", heading(), table(&ranked, *class, stack)))
        });
        text.push_str(&tables.collect::<Vec<_>>().join("\n"));
    }
    if let Some(line) = requests_source(contest, stack) {
        let _ = writeln!(text, "{line}");
    }
    text.push_str(&prediction::render(contest, stack));
    for one in &contest.unranked {
        let _ = writeln!(text, "{}", without_rank(one, stack));
    }
    for line in out(contest, stack) {
        let _ = writeln!(text, "{line}");
    }
    if !costs.is_empty() {
        let _ =
            write!(text, "\n{}", cost::render_of_many(&of_contenders(costs), 1000.0, "USD per 1,000 runs"));
    }
    text
}

/// A contender that has no rank, and why.
fn without_rank(one: &Success, stack: &str) -> String {
    let (name, time) = (contender(stack, &one.arn), time(one));
    if let Some(reason) = &one.no_rank {
        // What it cost is known in part, and would look cheap.
        return format!("no rank: {name}: {reason}: {time}");
    }
    let runs = tables::count(one.runs_count, "run");
    format!("no rank: {name}: only {runs}: {time}, {:.4} USD/1,000 runs", one.run_price_usd * 1000.0)
}

/// How the number of S3's requests is known, if the result says so: of all contenders, or of each.
fn requests_source(contest: &Contest, stack: &str) -> Option<String> {
    let sources = || contest.success.iter().filter_map(|one| Some((one, one.requests_source?)));
    let (_, first) = sources().next()?;
    if sources().all(|(_, source)| source == first) {
        return Some(format!("S3 requests: {}", in_words(first)));
    }
    let each = sources().map(|(one, source)| format!("{}: {}", contender(stack, &one.arn), in_words(source)));
    Some(format!("S3 requests: {}", each.collect::<Vec<_>>().join("; ")))
}

/// Who is out, and why.
pub fn out(contest: &Contest, stack: &str) -> Vec<String> {
    let line = |one: &Failure| format!("out: {}: {}", contender(stack, &one.arn), shortened(&one.reason));
    contest.failure.iter().map(line).collect()
}

/// The costs of a run, by the contenders' names alone.
fn of_contenders(costs: &[Cost]) -> Vec<Cost> {
    let name = |cost: &Cost| cost.item.strip_suffix(" run").unwrap_or(&cost.item).to_owned();
    costs.iter().map(|cost| Cost { item: name(cost), ..cost.clone() }).collect()
}

/// The contenders of a class, in their ranks.
fn table(ranked: &[&Success], class: Class, stack: &str) -> Table {
    let cheapest = ranked.iter().map(|one| one.run_price_usd).fold(f64::INFINITY, f64::min);
    let fastest = ranked.iter().map(|one| real(one.duration_ms)).fold(f64::INFINITY, f64::min);
    let mut header = vec![
        "#",
        "contender",
        "USD/1,000 runs",
        "relative",
        "time ± σ",
        "relative",
        "memory",
        "cold starts",
        "S3 writes",
        "with S3 requests",
    ];
    let fans_out = class == Class::FanOut;
    if fans_out {
        header.insert(2, "invocations");
    }
    let rows = ranked.iter().enumerate().map(|(index, one)| {
        let mut row = vec![
            (index + 1).to_string(),
            contender(stack, &one.arn).to_owned(),
            price(one.run_price_usd),
            relative(one.run_price_usd, cheapest),
            time(one),
            relative(real(one.duration_ms), fastest),
            memory(one),
            cold_starts(one),
            one.s3.map_or_else(none, |used| format!("{:.0}", used.writes)),
            one.total_price_usd.map_or_else(none, price),
        ];
        if fans_out {
            row.insert(2, invocations(one));
        }
        row
    });
    let header: Vec<String> = header.into_iter().map(ToOwned::to_owned).collect();
    tables::table(&header, rows, &[1])
}

/// The mean run's first invocation, and those that it caused: `1 + 149`.
fn invocations(one: &Success) -> String {
    one.mean_invocations().map_or_else(none, |mean| {
        let caused = mean - 1.0;
        if caused.fract() == 0.0 { format!("1 + {caused:.0}") } else { format!("1 + {caused:.1}") }
    })
}

/// The mean time of a run, and its deviation.
fn time(one: &Success) -> String {
    format!("{} ± {}", seconds(one.duration_ms), seconds(one.duration_ms_stddev))
}

/// A reason without the end of a long one, such as a stack trace; the result file has all of it.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(MAX_REASON) {
        Some((end, _)) => format!("{} … (--json has all of it)", &reason[..end]),
        None => reason.to_owned(),
    }
}

/// By the best one's, unless that is nothing.
pub fn relative(value: f64, best: f64) -> String {
    if best > 0.0 { format!("{:.2} ×", value / best) } else { none() }
}

/// How many of the runs were cold starts, and their mean initialization.
fn cold_starts(one: &Success) -> String {
    let counted = one.cold_runs.map(|cold| format!("{cold}/{}", one.runs_count));
    let mean = one.cold_start_ms.map(|ms| format!("{ms:.0} ms"));
    let parts: Vec<_> = counted.into_iter().chain(mean).collect();
    if parts.is_empty() { none() } else { parts.join(", ") }
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
    use results::cost::CostLine;
    use results::price_list::US_EAST_1;
    use results::prices::LAMBDA_ARM64;
    use results::scenario::archive::{ContestOptions, Failure, RequestsSource};

    use super::*;
    use crate::scenario::archive::testing::{contest, options, success};

    #[test]
    fn the_cheapest_comes_first_and_what_was_not_measured_is_a_dash() {
        let mut quick = success("rust-stream", 2000);
        (quick.cold_runs, quick.cold_start_ms) = (Some(1), Some(12.7));
        let mut contest = contest(vec![quick, success("python-naive", 5000)]);
        contest.failure = vec![Failure {
            arn: "arn:aws:lambda:us-east-1:0:function:lambench-dev-go-quick".to_owned(),
            reason: "crash: Runtime.ExitError / exit status 1".to_owned(),
        }];
        insta::assert_snapshot!(render(&contest, "dev", &[], RankBy::LambdaPrice));
    }

    /// A contender that fans out, with so many invocations in each of its runs.
    fn fan_out(name: &str, ms: u64, invocations: &[u64]) -> Success {
        let mut one = success(name, ms);
        (one.class, one.invocations) = (Class::FanOut, invocations.to_vec());
        one
    }

    #[test]
    fn each_class_is_ranked_apart() {
        let mut contest = contest(vec![
            success("rust-stream", 2000),
            fan_out("rust-fan-out", 400, &[150, 150]),
            fan_out("go-wide", 800, &[11, 12]),
        ]);
        for one in &mut contest.success {
            one.requests_source = Some(RequestsSource::Counted);
        }
        insta::assert_snapshot!(render(&contest, "dev", &[], RankBy::LambdaPrice));
    }

    #[test]
    fn how_requests_are_known_is_told_of_each_contender_that_differs() {
        let mut contest = contest(vec![success("rust-stream", 2000), success("python-naive", 5000)]);
        assert_eq!(requests_source(&contest, "dev"), None, "an older result doesn't say");
        contest.success[0].requests_source = Some(RequestsSource::Contender);
        contest.success[1].requests_source = Some(RequestsSource::Unknown);
        assert_eq!(
            requests_source(&contest, "dev").unwrap(),
            "S3 requests: rust-stream: the contender's own count; python-naive: unknown"
        );
    }

    #[test]
    fn a_contender_that_has_no_rank_shows_no_price_and_why() {
        let mut one = fan_out("rust-fan-out", 2000, &[]);
        one.no_rank = Some("its runs overlapped".to_owned());
        let shown = without_rank(&one, "dev");
        assert_eq!(shown, "no rank: rust-fan-out: its runs overlapped: 2.000 s ± 0.010 s");
    }

    #[test]
    fn all_prices_are_of_a_thousand_runs() {
        let contest = contest(vec![success("rust-stream", 2000)]);
        let line = |usd| CostLine {
            name: "compute".to_owned(),
            quantity: None,
            usd: Some(usd),
            price: US_EAST_1.quote(LAMBDA_ARM64),
        };
        let usd = 0.000_016_666_7;
        let costs = [Cost { item: "rust-stream run".to_owned(), usd: Some(usd), lines: vec![line(usd)] }];
        let text = render(&contest, "dev", &costs, RankBy::Time);
        assert!(text.starts_with("ranked by the mean billed duration\n"), "{text}");
        assert!(text.contains("| USD per 1,000 runs |"), "{text}");
        assert!(text.contains("| rust-stream        | 0.01667 | 0.01667 |"), "{text}");
        assert!(text.contains(" 0.0167 |"), "{text}");
    }

    #[test]
    fn what_was_chosen_stands_above_the_ranking() {
        let options = Some(ContestOptions { cold_only: true, ..options() });
        let contest = Contest { success: vec![success("rust-stream", 2000)], options, ..Contest::default() };
        assert!(render(&contest, "dev", &[], RankBy::Time).starts_with("chosen: cold starts only\n"));
    }

    #[test]
    fn a_contest_without_a_winner_says_so() {
        assert_eq!(render(&Contest::default(), "dev", &[], RankBy::Time), "no contender passed\n");
    }

    #[test]
    fn nothing_is_relative_to_nothing() {
        assert_eq!([relative(1.0, 0.0), relative(3.0, 2.0)], ["–", "1.50 ×"]);
    }

    #[test]
    fn a_contender_with_fewer_runs_than_asked_for_stands_below_the_ranking() {
        let unranked = vec![success("rust-stream", 2000)];
        let shown = render(&Contest { unranked, ..Contest::default() }, "dev", &[], RankBy::default());
        let expected = "no contender has a rank\nno rank: rust-stream: only 2 runs: 2.000 s ± 0.010 s, 0.0167 USD/1,000 runs\n";
        assert_eq!(shown, expected);
    }
}
