use results::cost::Usage;
use results::price_list::US_EAST_1;
use results::prices::{LAMBDA_ARM64, SQS_REQUEST};

use super::*;

fn sample_of(values: &[f64]) -> Sample {
    Sample::of(values).unwrap()
}

fn candidate(name: &str, times: &[f64], usd: f64) -> Candidate {
    let sample = sample_of(times);
    let price = Sample { mean: usd, stddev: sample.stddev * usd / sample.mean, ..sample };
    Candidate {
        name: name.to_owned(),
        time: Some(Figure::of_runs(sample, format!("{:.1} s", sample.mean))),
        price: Some(Figure::of_runs(price, super::usd(usd))),
    }
}

#[test]
fn a_winner_is_named_where_runs_show_it() {
    let all = [candidate("quick", &[1.0, 1.1, 1.2], 3.0), candidate("cheap", &[3.0, 3.1, 3.2], 1.0)];
    // Half of 1.1/3.1 and of 1 is about as much as half of 1 and of 1/3.
    assert_eq!(
        clauses(&all),
        [
            "fastest: quick (1.1 s)",
            "cheapest: cheap (1.000 USD)",
            "balanced: no difference shown between quick and cheap, n = 3"
        ]
    );
}

#[test]
fn a_lead_within_the_noise_names_nobody() {
    let all = [candidate("a", &[1.0, 2.0, 3.0], 1.0), candidate("b", &[1.5, 2.5, 3.5], 1.1)];
    assert_eq!(clauses(&all)[0], "fastest: no difference shown between a (2.0 s) and b (2.5 s), n = 3");
    assert!(winner(&by_time(&all)).is_none());
}

#[test]
fn only_those_that_may_lead_are_named() {
    let all = [
        candidate("a", &[1.0, 2.0, 3.0], 1.0),
        candidate("slow", &[90.0, 91.0, 92.0], 9.0),
        candidate("b", &[1.5, 2.5, 3.5], 1.1),
    ];
    assert_eq!(standings(&by_time(&all)), [Standing::MayLead, Standing::Behind, Standing::MayLead]);
}

#[test]
fn one_run_names_a_winner_only_by_a_clear_lead() {
    let close = [candidate("a", &[71.1], 1.0), candidate("b", &[71.4], 1.0)];
    assert_eq!(clauses(&close)[0], "fastest: can't tell between a (71.1 s) and b (71.4 s), n = 1");
    let clear = [candidate("a", &[10.0], 1.0), candidate("b", &[15.0], 1.0)];
    assert_eq!(clauses(&clear)[0], "fastest: a (10.0 s)");
}

#[test]
fn what_was_counted_costs_the_same_again() {
    let cost = |item: &str, seconds: f64, requests: f64| {
        let mut usage = Usage::default();
        usage.add("compute", seconds / LAMBDA_ARM64.usd, US_EAST_1.quote(LAMBDA_ARM64));
        usage.add("queue", requests / SQS_REQUEST.usd, US_EAST_1.quote(SQS_REQUEST));
        usage.cost(item, 1.0)
    };
    let costs = [cost("plain", 2.0, 1.5), cost("queued", 2.0, 3.0)];
    let price = |item: &str| Figure::of_costs(&costs, &[item.to_owned()], super::usd);
    let candidate = |name: &str| Candidate { name: name.to_owned(), time: None, price: price(name) };
    // 3.5 USD of which 2 may be 3 another time are less than 5.
    let all = [candidate("plain"), candidate("queued")];
    assert_eq!(clauses(&all), ["cheapest: plain (3.500 USD)"]);
    assert!(price("nothing").is_none());
    let both = Figure::of_costs(&costs, &["plain".to_owned(), "queued".to_owned()], super::usd).unwrap();
    assert!((both.varying - 4.0).abs() < 1e-9 && (both.sample.mean - 8.5).abs() < 1e-9, "{both:?}");
}

#[test]
fn nothing_and_one_alone_have_no_winner() {
    assert_eq!(clauses(&[]), [""; 0]);
    let alone = [candidate("a", &[1.0, 1.0, 1.0], 1.0)];
    assert_eq!((clauses(&alone), standings(&by_time(&alone))), (vec![], vec![Standing::Alone]));
}

#[test]
fn what_costs_nothing_is_no_division_by_nothing() {
    let free = [candidate("a", &[1.0], 0.0), candidate("b", &[1.0], 0.0)];
    let balanced = clause("balanced", &by_balance(&free));
    assert_eq!(balanced.unwrap(), "balanced: can't tell between a and b, n = 1");
    assert_eq!(times(1.0, 0.0), None);
    assert!(Figure::of_rate(0.0, String::new()).is_none());
}

#[test]
fn a_block_has_a_line_for_each_clause_and_what_it_rests_on() {
    let verdict = Verdict {
        told: vec!["fastest: a".to_owned(), "cheapest: b".to_owned()],
        basis: vec![basis_of_runs(3), basis_of_runs(2)],
    };
    insta::assert_snapshot!(verdict.block());
}

#[test]
fn values_of_options_are_quoted_where_a_shell_would_split_them() {
    assert_eq!(
        [quoted("logs/2026"), quoted("a b"), quoted("it's"), quoted("")],
        ["logs/2026", "'a b'", r"'it'\''s'", "''"]
    );
    assert_eq!((list(&[]), joined([128, 512])), (String::new(), "128,512".to_owned()));
}
