//! What a page says of whole results.

use std::path::Path;
use std::time::Duration;

use protocol::histogram::Histogram;
use results::file::{RunResult, Samples};
use results::scenario::Detail;
use results::scenario::archive::RunTime;
use results::scenario::splitter::{ItemTime, Timeline};

use super::page::render;
use crate::result_file::{place, read};

const OLD: [&str; 5] = ["archive", "aurora", "pipeline", "s3-read", "splitter"];

fn old(scenario: &str) -> RunResult {
    read(&Path::new("tests/v1").join(format!("{scenario}.json"))).unwrap()
}

/// A contest in which each contender ran so often, with distributions of as many values beside it.
fn large(runs: u64) -> RunResult {
    let mut result = old("archive");
    let Detail::Archive(contest) = &mut result.detail else { panic!("another scenario") };
    for success in &mut contest.success {
        success.durations_ms = (0..runs).map(|run| 1000 + run * 7919 % 5000).collect();
    }
    let mut histogram = Histogram::default();
    (0..runs).for_each(|run| histogram.record(Duration::from_micros(300 + run * 7919 % 1_000_000)));
    result.samples.push(Samples {
        name: "x".to_owned(),
        unit: "ms".to_owned(),
        values: vec![],
        histogram: Some(histogram),
    });
    result
}

/// That a page has drawings, and only numbers in them.
fn assert_drawable(page: &str) {
    let drawings: Vec<&str> =
        page.split("<svg").skip(1).filter_map(|rest| rest.split("</svg>").next()).collect();
    assert!(!drawings.is_empty());
    for attribute in drawings.iter().flat_map(|drawing| drawing.split("=\"").skip(1)) {
        let value = attribute.split('"').next().unwrap_or_default();
        assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
    }
}

#[test]
fn results_of_an_older_schema_have_their_pictures() {
    for scenario in OLD {
        let result = old(scenario);
        let page = render(std::slice::from_ref(&result));
        assert!(page.contains("role=\"img\"") && page.contains(place(&result.environment)), "{scenario}");
        assert_drawable(&page);
    }
}

#[test]
fn what_is_wrong_with_figures_stands_above_their_pictures() {
    let mut result = old("archive");
    result.failed_checks = vec!["3 objects lost".to_owned()];
    result.warnings = vec!["few runs".to_owned()];
    let page = render(&[result]);
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    assert!(at("LOCAL") < at("3 objects lost") && at("3 objects lost") < at("few runs"));
    assert!(at("few runs") < at("role=\"img\""));
    assert!(page.contains("<b>ERROR</b>: 3 objects lost") && page.contains("<b>warning</b>: few runs"));
}

#[test]
fn a_hostile_result_is_shown_harmless() {
    let mut result = old("archive");
    let bad = "<script>alert(1)</script>\"'&";
    result.environment.stack = bad.to_owned();
    result.run.id = bad.to_owned();
    result.warnings = vec![bad.to_owned()];
    result.environment.settings.insert(bad.to_owned(), bad.into());
    let Detail::Archive(contest) = &mut result.detail else { panic!("another scenario") };
    contest.success[0].arn = format!("arn:aws:lambda:us-east-1:0:function:{bad}");
    let page = render(&[result]);
    assert_eq!(page.matches("<script").count(), 1, "the page's own");
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn numbers_out_of_all_bounds_break_no_picture() {
    let mut result = old("archive");
    let Detail::Archive(contest) = &mut result.detail else { panic!("another scenario") };
    for (success, usd) in contest.success.iter_mut().zip([f64::NAN, f64::MAX, -1.0]) {
        success.run_price_usd = usd;
        success.total_price_usd = Some(usd);
        success.duration_ms = u64::MAX;
        success.durations_ms = vec![0, u64::MAX];
        success.time = Some(RunTime { init_ms: usd, cpu: None, rest_ms: usd });
    }
    let item = |environment, started_seconds| ItemTime {
        id: String::new(),
        environment,
        started_seconds,
        ended_seconds: -started_seconds,
        attempt: 0,
        is_cold: true,
    };
    let items = vec![item(usize::MAX, 1.0), item(0, f64::MAX), item(0, f64::NAN), item(0, -1.0)];
    let timeline = Timeline { environments: vec![String::new()], items, left_out: u64::MAX };
    let split = with_timelines(&timeline);
    let page = render(&[result, split]);
    assert_drawable(&page);
}

#[test]
fn the_page_loads_nothing() {
    let page = render(&OLD.map(old));
    assert!(page.contains("default-src 'none'; style-src 'sha256-"), "{}", &page[..600]);
    for loading in ["<link", "<img", "<iframe", "src=", "@import", "url(", " style="] {
        assert!(!page.contains(loading), "{loading}");
    }
}

/// A result whose every run went like this.
fn with_timelines(timeline: &Timeline) -> RunResult {
    let mut result = old("splitter");
    let Detail::Splitter(splitting) = &mut result.detail else { panic!("another scenario") };
    splitting.runs.iter_mut().for_each(|run| run.timeline = Some(timeline.clone()));
    result
}

#[test]
fn ten_results_of_as_many_items_as_are_drawn_make_a_small_page() {
    let items = (0..1000_u32).map(|index| ItemTime {
        id: index.to_string(),
        environment: usize::try_from(index).unwrap() % 50,
        started_seconds: f64::from(index) * 0.0217,
        ended_seconds: f64::from(index) * 0.0217 + 1.0043,
        attempt: 1,
        is_cold: index < 50,
    });
    let environments = (0..50).map(|index| index.to_string()).collect();
    let result = with_timelines(&Timeline { environments, items: items.collect(), left_out: 9 });
    let page = render(&std::iter::repeat_n(result, 10).collect::<Vec<_>>());
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn ten_large_results_make_a_small_page() {
    let results: Vec<RunResult> = (0..10).map(|_| large(20_000)).collect();
    let page = render(&results);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}
