use jiff::ToSpan;
use results::file::{Incomplete, Kind, RunResult};
use results::scenario::Detail;

use super::*;
use crate::compare::tests::{result, set_durations, set_price, side, side_by_side};
use crate::html::picture::Picture;

/// Two contests, of which the second's rust-stream took so long.
fn contests(durations_ms: &[u64]) -> Vec<Side> {
    let (mut a, mut b) = (result("archive"), result("archive"));
    set_durations(&mut a, "rust-stream", &[3000, 3010, 3020]);
    set_durations(&mut b, "rust-stream", durations_ms);
    for one in [&mut a, &mut b] {
        set_price(one, "rust-stream", 0.000_03, 0.000_2);
    }
    side_by_side([a, b])
}

fn page(sides: &[Side]) -> String {
    render(sides, &Pairing::of(sides), &[])
}

/// The rows of the pictures of differences: what, figure, side, difference, from, to, verdict.
fn rows(sides: &[Side]) -> Vec<Vec<String>> {
    let pictures = differences::pictures(sides, &Pairing::of(sides));
    pictures.iter().flat_map(|picture| picture.data.cells().1.to_vec()).collect()
}

/// That of a figure.
fn row(sides: &[Side], measured: &str, figure: &str) -> Vec<String> {
    let found = rows(sides).into_iter().find(|row| row[0] == measured && row[1] == figure);
    found.unwrap_or_else(|| panic!("no {measured} {figure} in {:?}", rows(sides)))
}

fn drawn(picture: &Picture) -> String {
    picture.drawing.as_ref().expect("a drawing").clone().into_string()
}

#[test]
fn a_difference_has_its_interval_and_the_verdict_of_the_table() {
    let sides = contests(&[2000, 2010, 2020]);
    let faster = row(&sides, "rust-stream billed duration", "mean, ms");
    // Welch: 4 degrees of freedom, 2.776 standard errors of 8.165 ms.
    assert_eq!(faster[2..], ["B", "-1000", "-1023", "-977.3", "faster"]);
    let page = page(&sides);
    assert!(page.contains("rust-stream billed duration mean: -33.2 ± 0.8 %, faster"), "{page}");
    assert!(page.contains("0.67 × faster"), "the table says the same");
}

#[test]
fn no_picture_contradicts_the_table() {
    let mut noisy = contests(&[2500, 3000, 3900]);
    noisy.extend(contests(&[9000, 9100, 9050]).pop().map(|side| Side { letter: 'C', ..side }));
    for sides in [contests(&[2000, 2010, 2020]), contests(&[3005, 3015, 3025]), noisy] {
        let pairing = Pairing::of(&sides);
        let printed = table::figures(&sides, &pairing);
        let all = rows(&sides);
        assert!(all.len() >= 2, "{all:?}");
        for row in all {
            let of_figure = |line: &&str| {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                cells.get(1) == Some(&row[0].as_str()) && cells.get(2) == Some(&row[1].as_str())
            };
            let line = printed.lines().find(of_figure).expect("the table has the figure");
            assert!(line.contains(&row[6]), "{row:?} against {line}");
            let ends: Vec<f64> = row[4..6].iter().filter_map(|end| end.parse().ok()).collect();
            let has_0 = ends.len() == 2 && ends[0] <= 0.0 && ends[1] >= 0.0;
            assert_eq!(has_0, row[6] == "no difference shown", "{row:?}");
        }
    }
}

#[test]
fn one_run_each_has_no_interval_and_nobody_can_tell() {
    let (a, mut b) = (result("pipeline"), result("pipeline"));
    b.summary.iter_mut().for_each(|summary| summary.mean *= 2.0);
    let sides = side_by_side([a, b]);
    let http = row(&sides, "http", "mean, ms");
    assert_eq!(http[4..], ["–", "–", "can't tell, n = 1"]);
    let pictures = differences::pictures(&sides, &Pairing::of(&sides));
    let drawing = drawn(&pictures[0]);
    assert!(drawing.contains("hollow") && !drawing.contains("course"), "{drawing}");
    let page = page(&sides);
    assert!(page.contains("A curve has the requests of all runs of a side"), "{page}");
    assert!(page.contains("lambench compare FILE… --against FILE…"), "what tells more");
}

#[test]
fn what_is_unfit_for_use_is_named_and_drawn_nowhere() {
    for spoil in [
        (|result: &mut RunResult| result.failed_checks = vec!["3 objects lost".to_owned()])
            as fn(&mut RunResult),
        |result| result.incomplete = Incomplete::interrupted(vec!["3 objects lost".to_owned()]),
    ] {
        let mut sides = contests(&[2000, 2010, 2020]);
        spoil(&mut sides[1].runs[0].1);
        assert_eq!(rows(&sides), Vec::<Vec<String>>::new());
        assert!(distributions::pictures(&sides).is_empty());
        let page = page(&sides);
        let (error, table) =
            (page.find("3 objects lost").expect("it is named"), page.find("<table").unwrap());
        assert!(error < table && page.contains("its figures are unfit for use"), "{page}");
    }
}

#[test]
fn runs_of_a_contest_are_marks_and_requests_are_curves() {
    let contest = distributions::pictures(&contests(&[2000, 2010, 2020]));
    assert_eq!(contest.len(), 3, "a picture for each contender");
    let stream = contest.iter().find(|picture| picture.title == "rust-stream billed duration").unwrap();
    assert_eq!(drawn(stream).matches("class=\"mark").count(), 6);
    let sides = [side('A', vec![result("pipeline"); 3]), side('B', vec![result("pipeline")])];
    let http = distributions::pictures(&sides).into_iter().find(|picture| picture.title == "http").unwrap();
    let rows = http.data.cells().1;
    assert_eq!([&rows[0][..2], &rows[1][..2]], [["A", "2985"], ["B", "995"]], "all runs of a side together");
}

/// The same result so many days later, with a price so many times as high.
fn later(days: i64, price: f64) -> RunResult {
    let mut result = result("archive");
    result.run.started_at = result.run.started_at.saturating_add((24 * days).hours()).unwrap();
    result.run.id = format!("run-{days}");
    let Detail::Archive(contest) = &mut result.detail else { panic!("a contest") };
    for one in &mut contest.success {
        one.total_price_usd = one.total_price_usd.map(|usd| usd * price);
    }
    result
}

#[test]
fn a_regression_shows_in_the_history_and_what_is_compared_is_marked() {
    let prices = [1.0, 1.01, 0.99, 2.0, 2.01, 1.99];
    let all: Vec<RunResult> = (0..).zip(prices).map(|(day, price)| later(day, price)).collect();
    let sides = side_by_side([all[0].clone(), all[5].clone()]);
    let history = History::from("dev", &all, Kind::Local, 1);
    let page = render(&sides, &Pairing::of(&sides), &[history]);
    assert!(page.contains("+100.0 % (latest 3 against first 3): worse"), "{page}");
    let picture =
        page.split("<h3>The figure that decides</h3>").nth(1).unwrap().split("</figure>").next().unwrap();
    let counts = ["class=\"mark", "class=\"ring\""].map(|what| picture.matches(what).count());
    assert_eq!(counts, [6, 2], "{picture}");
    assert!(picture.contains(">A</text>") && picture.contains(">B</text>"), "{picture}");
    assert!(
        page.contains("the means of 3 measured quantities") && page.contains("1 file in results/"),
        "{page}"
    );
}

#[test]
fn neither_aws_nor_unfit_runs_are_in_the_history_of_local_ones() {
    let mut aws = later(1, 50.0);
    aws.environment.kind = Kind::Aws;
    let mut failed = later(2, 0.001);
    failed.failed_checks = vec!["no contender passed".to_owned()];
    let all = [later(0, 1.0), aws, failed, later(3, 1.1)];
    let sides = side_by_side([all[0].clone(), all[3].clone()]);
    let history = History::from("dev", &all, Kind::Local, 0);
    let page = render(&sides, &Pairing::of(&sides), &[history]);
    let picture =
        page.split("<h3>The figure that decides</h3>").nth(1).unwrap().split("</figure>").next().unwrap();
    assert_eq!(picture.matches("class=\"mark").count(), 2, "{picture}");
    assert!(!page.contains("AWS)") && page.contains("left out: 1 run whose checks failed"), "{page}");
    assert!(picture.contains("can't tell: too few runs"), "{picture}");
}

#[test]
fn a_hostile_result_is_compared_harmless() {
    let bad = "<script>alert(1)</script>\"'&|";
    let mut hostile = later(1, f64::MAX);
    hostile.environment.stack = bad.to_owned();
    hostile.warnings = vec![bad.to_owned()];
    hostile.environment.settings.insert(bad.to_owned(), bad.into());
    for samples in &mut hostile.samples {
        samples.values = vec![f64::MAX, 0.0, -1.0];
    }
    for summary in &mut hostile.summary {
        (summary.mean, summary.stddev, summary.count) = (f64::MAX, f64::MAX, u64::MAX);
    }
    for names in [(0, bad), (1, "rust-stream billed duration")] {
        hostile.summary[names.0].name = names.1.to_owned();
    }
    let sides = side_by_side([result("archive"), hostile]);
    let history =
        History::from(bad, &[sides[1].runs[0].1.clone(), sides[1].runs[0].1.clone()], Kind::Local, 0);
    let page = render(&sides, &Pairing::of(&sides), &[history]);
    assert_eq!(page.matches("<script").count(), 1, "the page's own");
    assert!(page.contains("&lt;script&gt;alert(1)"));
    let drawings = page.split("<svg").skip(1).filter_map(|rest| rest.split("</svg>").next());
    for value in drawings.flat_map(|drawing| drawing.split(" d=\"").skip(1)) {
        let value = value.split('"').next().unwrap_or_default();
        assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
    }
}

#[test]
fn a_page_of_a_scenario_of_each_kind_is_drawn() {
    for scenario in ["archive", "aurora", "pipeline", "s3-read", "splitter"] {
        let one = result(scenario);
        let sides = side_by_side([one.clone(), one.clone(), one.clone()]);
        let history = History::from("dev", &[one.clone(), one], Kind::Local, 0);
        let page = render(&sides, &Pairing::of(&sides), &[history]);
        assert!(page.contains(&format!("<h1>lambench: {scenario}, side by side</h1>")));
        assert!(page.contains("The figure that decides") && page.contains("all have the same settings"));
    }
}
