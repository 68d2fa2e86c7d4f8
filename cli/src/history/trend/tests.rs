use std::path::Path;

use jiff::ToSpan;
use results::file::Samples;

use super::*;
use crate::result_file::read;

/// A contest, so many days after the first one, with the runs of one contender.
fn contest(day: i64, ms: &[f64]) -> RunResult {
    let mut result = read(Path::new("tests/v1/archive.json")).unwrap();
    result.run.started_at = result.run.started_at.saturating_add((24 * day).hours()).unwrap();
    let name = "rust-stream billed duration";
    let (name, unit, values) = (name.to_owned(), "ms".to_owned(), ms.to_vec());
    result.summary = vec![Summary::of(&name, &unit, ms, 0).unwrap()];
    result.samples = vec![Samples { name, unit, values, histogram: None }];
    result
}

/// A load, whose requests are too many to keep each.
fn load(day: i64, mean: f64) -> RunResult {
    let mut result = read(Path::new("tests/v1/pipeline.json")).unwrap();
    result.run.started_at = result.run.started_at.saturating_add((24 * day).hours()).unwrap();
    result.summary.retain(|summary| summary.name == "http");
    result.summary[0].mean = mean;
    result
}

fn of(results: &[RunResult]) -> Vec<Trend> {
    trends(&results.iter().collect::<Vec<_>>())
}

/// The change that the only line of the only trend shows.
fn changed(results: &[RunResult]) -> Change {
    let trends = of(results);
    assert_eq!((trends.len(), trends[0].series.len()), (1, 1));
    trends[0].series[0].change
}

#[test]
fn a_change_of_a_contest_is_shown_by_its_runs() {
    let first = || contest(0, &[100.0, 101.0, 99.0]);
    let Change::Shown { percent, results: 1 } = changed(&[first(), contest(1, &[150.0, 151.0, 149.0])])
    else {
        panic!("50 % is more than chance")
    };
    assert!((percent - 50.0).abs() < 1e-9, "{percent}");
    assert_eq!(changed(&[first(), contest(1, &[101.0, 102.0, 99.0])]), Change::NotShown);
    assert_eq!(changed(&[first(), contest(1, &[150.0, 151.0])]), Change::TooFew);
    assert_eq!(changed(&[first()]), Change::TooFew);
}

#[test]
fn loads_are_compared_by_several_results_however_many_requests_they_made() {
    let loads = |means: &[f64]| (0..).zip(means).map(|(day, mean)| load(day, *mean)).collect::<Vec<_>>();
    assert_eq!(changed(&loads(&[5.0, 9.0])), Change::TooFew);
    assert_eq!(changed(&loads(&[5.0, 5.1, 4.9, 9.0, 9.1])), Change::TooFew);
    let Change::Shown { percent, results: 3 } = changed(&loads(&[5.0, 5.1, 4.9, 7.0, 10.0, 10.1, 9.9]))
    else {
        panic!("twice is more than chance")
    };
    assert!((percent - 100.0).abs() < 1e-9, "{percent}");
}

#[test]
fn runs_with_other_settings_or_elsewhere_have_trends_of_their_own_and_failed_ones_none() {
    let mut larger = contest(1, &[500.0, 501.0, 502.0]);
    larger.environment.settings.insert("objectCount".to_owned(), 200.into());
    let mut aws = contest(2, &[90.0, 91.0, 92.0]);
    aws.environment.kind = Kind::Aws;
    aws.environment.endpoint = None;
    let mut failed = contest(3, &[1.0, 1.0, 1.0]);
    failed.failed_checks.push("no contender passed".to_owned());
    let other_stack = RunResult {
        environment: results::file::Environment { stack: "big".to_owned(), ..larger.environment.clone() },
        ..contest(5, &[9.0])
    };
    let results = [
        contest(0, &[100.0, 101.0, 99.0]),
        larger,
        aws,
        failed,
        contest(4, &[50.0, 51.0, 52.0]),
        other_stack,
    ];
    insta::assert_snapshot!(table::render(&of(&results), false));
    insta::assert_snapshot!(table::render(&of(&results[..5]), true));
}
