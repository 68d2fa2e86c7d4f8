use std::path::Path;

use protocol::stats::real;
use protocol::summary::Summary;
use results::cost::{Cost, CostLine, QuotedPrice};
use results::file::{Kind, RunResult, Samples};
use results::memory_sweep::{Compared, MemorySweep, Point};
use results::scenario::Detail;
use results::scenario::archive::Failure;
use serde_json::json;

use super::side::must_be_alike;
use super::*;
use crate::result_file;
use crate::scenario::shared::memory_sweep::prefixed;

/// An example of a scenario's results.
pub fn result(scenario: &str) -> RunResult {
    result_file::read(Path::new(&format!("tests/v1/{scenario}.json"))).unwrap()
}

/// Results under a letter.
pub fn side(letter: char, results: Vec<RunResult>) -> Side {
    let file =
        |(number, result)| (PathBuf::from(format!("{}{number}.json", letter.to_ascii_lowercase())), result);
    Side { letter, runs: (1..).zip(results).map(file).collect() }
}

fn compared(sides: &[Side]) -> String {
    render(sides, &Pairing::of(sides))
}

/// Results side by side, one each.
pub fn side_by_side(results: impl IntoIterator<Item = RunResult>) -> Vec<Side> {
    ('A'..).zip(results).map(|(letter, result)| side(letter, vec![result])).collect()
}

/// Gives a contender's runs these times.
pub fn set_durations(result: &mut RunResult, contender: &str, durations_ms: &[u64]) {
    let name = format!("{contender} billed duration");
    let values: Vec<f64> = durations_ms.iter().copied().map(real).collect();
    let summary = result.summary.iter_mut().find(|summary| summary.name == name).unwrap();
    *summary = Summary::of(&name, "ms", &values, 0).unwrap();
    let samples = result.samples.iter_mut().find(|samples| samples.name == name).unwrap();
    samples.values = values;
    let Detail::Archive(contest) = &mut result.detail else { panic!("a contest") };
    let success = contest.success.iter_mut().find(|one| one.arn.ends_with(contender)).unwrap();
    success.durations_ms = durations_ms.to_vec();
    success.run_price_usd = 0.000_000_01 * summary.mean;
}

/// Gives a contender's run a price, of time and of requests.
pub fn set_price(result: &mut RunResult, contender: &str, time_usd: f64, requests_usd: f64) {
    let line = |usd, unit: &str| CostLine {
        name: "line".to_owned(),
        quantity: Some(1.0),
        usd: Some(usd),
        price: QuotedPrice { usd, unit: unit.to_owned(), source: String::new(), date: String::new() },
    };
    let lines = vec![
        line(time_usd, "GB-second of arm64 compute"),
        line(requests_usd, "S3 PUT, COPY, POST or LIST request"),
    ];
    let item = format!("{contender} run");
    let cost = result.cost.iter_mut().find(|cost| cost.item == item).unwrap();
    *cost = Cost { item, usd: Some(time_usd + requests_usd), lines };
}

/// The same with its memory, as one of the sizes of a sweep.
fn sweep(of: &RunResult, sizes: &[u64]) -> RunResult {
    let mut all = RunResult { samples: vec![], summary: vec![], cost: vec![], ..of.clone() };
    for &memory_mb in sizes {
        let name = |name: &str| prefixed(memory_mb, name);
        all.samples.extend(of.samples.iter().map(|one| Samples { name: name(&one.name), ..one.clone() }));
        all.summary.extend(of.summary.iter().map(|one| Summary { name: name(&one.name), ..one.clone() }));
        all.cost.extend(of.cost.iter().map(|one| Cost { item: name(&one.item), ..one.clone() }));
    }
    let point = |&memory_mb: &u64| Point {
        memory_mb,
        figures: vec![],
        failed_checks: vec![],
        missing: vec![],
        cpu: None,
        detail: of.detail.clone(),
    };
    let compared = Compared { speed: "MB/s".to_owned(), is_rate: true, price: "a GB".to_owned() };
    all.detail = Detail::MemorySweep(MemorySweep::new(compared, sizes.iter().map(point).collect()));
    all
}

#[test]
fn a_contest_is_compared_by_what_decides_it_and_a_contender_that_is_out_is_named() {
    let (mut a, mut b) = (result("archive"), result("archive"));
    set_durations(&mut a, "rust-stream", &[3000, 3010, 3020]);
    set_durations(&mut b, "rust-stream", &[2000, 2010, 2020]);
    set_price(&mut a, "rust-stream", 0.000_03, 0.000_2);
    set_price(&mut b, "rust-stream", 0.000_02, 0.000_2);
    set_durations(&mut a, "rust-copy-plan", &[1400, 1600, 1800]);
    set_durations(&mut b, "rust-copy-plan", &[1300, 1700, 1900]);
    let Detail::Archive(contest) = &mut b.detail else { panic!("a contest") };
    let out = contest.success.pop().unwrap();
    contest.failure.push(Failure { arn: out.arn, reason: "timeout: 900 s".to_owned() });
    b.summary.pop();
    b.cost.pop();
    insta::assert_snapshot!(compared(&side_by_side([a, b])));
}

#[test]
fn requests_of_one_run_each_tell_nothing_and_an_offered_rate_is_no_merit() {
    let (a, mut b) = (result("pipeline"), result("pipeline"));
    let Detail::Pipeline(delivery) = &mut b.detail else { panic!("the pipeline") };
    delivery.offered.rate = 200;
    delivery.requests.accepted_per_second = 150.0;
    delivery.messages.dead_lettered = 2;
    for summary in &mut b.summary {
        summary.mean *= 2.0;
        summary.throughput = summary.throughput.map(|rate| rate * 3.0);
    }
    insta::assert_snapshot!(compared(&side_by_side([a, b])));
}

#[test]
fn a_run_beside_a_memory_sweep_stands_beside_its_own_size() {
    let run = result("s3-read");
    assert_eq!(run.environment.settings["memory"], 512);
    let shown = compared(&side_by_side([run.clone(), sweep(&run, &[128, 512])]));
    insta::assert_snapshot!(shown);
}

#[test]
fn runs_of_a_design_are_one_value_each_and_three_show_a_difference() {
    let run = |seconds: f64| {
        let mut result = result("s3-read");
        let Detail::S3Read(reading) = &mut result.detail else { panic!("a reading") };
        for run in &mut reading.runs {
            run.seconds = Some(seconds);
        }
        result
    };
    let runs = |letter, seconds: &[f64]| side(letter, seconds.iter().copied().map(run).collect());
    let elapsed = |a: &[f64], b: &[f64]| {
        let shown = compared(&[runs('A', a), runs('B', b)]);
        shown.lines().find(|line| line.starts_with("| sdk ") && line.contains("elapsed")).unwrap().to_owned()
    };
    let slower = elapsed(&[10.0, 10.1, 10.2], &[12.0, 12.1, 12.2]);
    assert!(slower.contains("10.10 ± 0.1") && slower.contains("| 1.20 × slower |"), "{slower}");
    let noise = elapsed(&[10.0, 10.1, 10.2], &[10.0, 10.3, 9.9]);
    assert!(noise.contains("1.00 × no difference shown"), "{noise}");
    let two = elapsed(&[10.0, 10.1, 10.2], &[12.0, 12.1]);
    assert!(two.contains("1.19 × can't tell, n = 2"), "{two}");
}

#[test]
fn runs_of_different_designs_are_no_runs_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let (one, mut other) = (result("pipeline"), result("pipeline"));
    let Detail::Pipeline(delivery) = &mut other.detail else { panic!("the pipeline") };
    delivery.offered.rate = 51;
    let files = [("one.json", one), ("other.json", other)].map(|(name, result)| {
        let file = folder.path().join(name);
        std::fs::write(&file, serde_json::to_string(&result).unwrap()).unwrap();
        file
    });
    let error = Side::read('A', &files).err().unwrap().to_string();
    assert!(error.contains("other.json differ in 'rate'"), "{error}");
    assert!(Side::read('A', &[files[0].clone(), files[0].clone()]).is_ok());
}

/// What is said of the settings and options of a result and of another, which was asked for something else.
fn difference(scenario: &str, change: impl Fn(&mut RunResult)) -> String {
    let mut other = result(scenario);
    change(&mut other);
    settings_diff::differences(&side_by_side([result(scenario), other]))
}

#[test]
fn whatever_a_run_was_asked_for_is_compared() {
    let alike = "all have the same settings and options";
    for scenario in ["archive", "aurora", "pipeline", "s3-read", "splitter"] {
        assert_eq!(difference(scenario, |_| {}), alike, "{scenario}");
        assert!(
            difference(scenario, |result| result.run.tool_version = "9.9.9".to_owned()).contains("lambench")
        );
    }
    for (scenario, place, value, name) in [
        ("archive", "/archive/success/0/arn", json!("arn:another"), "contenders"),
        ("archive", "/archive/success/0/runs_count", json!(9), "runs"),
        ("pipeline", "/pipeline/offered/rate", json!(9), "rate"),
        ("pipeline", "/pipeline/offered/connections", json!(9), "connections"),
        ("s3-read", "/s3-read/runs/0/variant", json!("sdk"), "variants"),
        ("s3-read", "/s3-read/request/prefix", json!("logs/"), "prefix"),
        ("splitter", "/splitter/runs/0/concurrency", json!(9), "concurrency"),
        ("splitter", "/splitter/task/item_seconds", json!(9.0), "item_seconds"),
    ] {
        let shown = difference(scenario, |result| {
            let mut detail = serde_json::to_value(&result.detail).unwrap();
            *detail.pointer_mut(place).unwrap() = value.clone();
            result.detail = serde_json::from_value(detail).unwrap();
        });
        assert!(shown.contains(&format!("\n| {name} ")), "{scenario}: {shown}");
    }
}

#[test]
fn how_a_database_was_loaded_is_compared() {
    let load = |json: &str| {
        let mut result = result_file::read(Path::new("tests/aurora-result.json")).unwrap();
        let mut runs = serde_json::to_value(&result.detail).unwrap();
        let patch: serde_json::Value = serde_json::from_str(json).unwrap();
        for run in runs["aurora"]["runs"].as_array_mut().unwrap() {
            for (name, value) in patch.as_object().unwrap() {
                match name.as_str() {
                    "offered_tps" | "clients" => run["stages"][0][name] = value.clone(),
                    _ => run[name] = value.clone(),
                }
            }
        }
        result.detail = serde_json::from_value(runs).unwrap();
        result
    };
    for (changed, name) in [
        (r#"{"offered_tps": 12773.0}"#, "rate"),
        (r#"{"clients": 77}"#, "clients"),
        (r#"{"batch": 100}"#, "batch"),
        (r#"{"seconds": 99}"#, "seconds"),
        (r#"{"driver": "data-api"}"#, "drivers"),
        (r#"{"host": "reader"}"#, "hosts"),
        (r#"{"action": "TPCB"}"#, "actions"),
    ] {
        let shown = settings_diff::differences(&side_by_side([load("{}"), load(changed)]));
        assert!(shown.contains(&format!("\n| {name}")), "{changed}: {shown}");
    }
}

#[test]
fn figures_of_a_run_whose_checks_failed_are_called_nothing() {
    let (a, mut b) = (result("archive"), result("archive"));
    set_durations(&mut b, "rust-stream", &[9000, 9001, 9002]);
    b.failed_checks = vec!["no contender passed".to_owned()];
    let shown = compared(&side_by_side([a, b]));
    assert!(shown.contains("3.02 × |") && !shown.contains("slower"), "{shown}");
    assert!(
        shown.contains("B: its checks failed or it is incomplete, so its figures are unfit for use"),
        "{shown}"
    );
}

#[test]
fn prices_of_different_parts_have_no_ratio() {
    let (mut a, mut b) = (result("archive"), result("archive"));
    set_price(&mut a, "rust-stream", 0.000_03, 0.000_2);
    set_price(&mut b, "rust-stream", 0.000_03, 0.000_2);
    b.cost.iter_mut().find(|cost| cost.item == "rust-stream run").unwrap().lines.pop();
    let shown = compared(&side_by_side([a, b]));
    assert!(shown.contains("not comparable"), "{shown}");
}

#[test]
fn a_laptop_is_never_compared_with_aws_nor_a_scenario_with_another() {
    let (a, mut b) = (result("aurora"), result("aurora"));
    b.environment.kind = Kind::Aws;
    let error = must_be_alike(&side_by_side([a.clone(), b])).unwrap_err().to_string();
    assert!(error.contains("is local, the other from AWS"), "{error}");
    let error = must_be_alike(&side_by_side([a, result("archive")])).unwrap_err().to_string();
    assert_eq!(
        error,
        "a1.json and b1.json are results of aurora and archive: compare results of the same scenario"
    );
}

/// The gates of a result beside another, and those that were missed.
fn gates(a: &RunResult, b: &RunResult, limit: &str) -> (usize, Vec<String>) {
    let sides = side_by_side([a.clone(), b.clone()]);
    let gates = fail_above::gates(&sides, &Pairing::of(&sides), fail_above::percent(limit).unwrap());
    let missed = gates.iter().filter(|gate| !gate.is_passed()).map(|gate| gate.row().join(" | "));
    (gates.len(), missed.collect())
}

#[test]
fn what_is_worse_than_the_limit_misses_its_gate() {
    let a = result("splitter");
    let mut b = a.clone();
    let Detail::Splitter(splitting) = &mut b.detail else { panic!("a splitting") };
    let run = &mut splitting.runs[2];
    run.speed_up = run.speed_up.map(|speed_up| speed_up * 0.8);
    run.elapsed_seconds = run.elapsed_seconds.map(|seconds| seconds * 1.25);
    run.items.lost = 1;
    let (all, missed) = gates(&a, &b, "10%");
    assert_eq!(
        missed,
        [
            "B: splitter.concurrency-10.elapsed | +25.0 % | +10 % | FAIL: worse than A",
            "B: splitter.concurrency-10.speed-up | +25.0 % | +10 % | FAIL: worse than A",
            "B: splitter.concurrency-10.lost | from 0 | +10 % | FAIL: worse than A",
        ]
    );
    assert!(all > 20, "{all}");
    assert_eq!(gates(&a, &b, "30%").1.len(), 1, "any lost item is more than none");
    assert_eq!(gates(&b, &a, "10%").1, [""; 0], "better is never worse");
}

#[test]
fn what_the_runs_say_is_chance_misses_no_gate_and_what_was_not_measured_does() {
    let (mut a, mut b) = (result("archive"), result("archive"));
    set_durations(&mut a, "rust-stream", &[1000, 2000, 3000]);
    set_durations(&mut b, "rust-stream", &[1500, 2500, 3500]);
    assert_eq!(gates(&a, &b, "10%").1, [""; 0], "25 % more, but no difference shown");
    let Detail::Archive(contest) = &mut b.detail else { panic!("a contest") };
    let out = contest.success.pop().unwrap();
    contest.failure.push(Failure { arn: out.arn, reason: "timeout: 900 s".to_owned() });
    b.summary.pop();
    let missed = gates(&a, &b, "10%").1.join("\n");
    assert!(missed.contains("archive.contenders-out | from 0"), "{missed}");
    assert!(
        missed.contains("archive.python-naive-billed-duration.mean | – | +10 % | FAIL: not measured"),
        "{missed}"
    );
}

#[test]
fn whether_anything_starts_cold_is_chance() {
    let a = result("pipeline");
    let mut b = a.clone();
    b.summary.retain(|summary| summary.name != "http, cold starts");
    assert_eq!(gates(&a, &b, "10%").1, [""; 0]);
}

#[test]
fn a_limit_is_a_number_of_percent() {
    for (text, expected) in [("10", "write 10%"), ("-1%", "like 10%"), ("x%", "like 10%")] {
        let error = fail_above::percent(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn an_incomplete_result_is_unfit_however_fast_its_part_was() {
    let (a, mut b) = (result("splitter"), result("splitter"));
    b.incomplete = results::file::Incomplete::interrupted(vec!["concurrency 10: 9 of 20 items".to_owned()]);
    let sides = side_by_side([a, b]);
    assert!(sides[1].is_unfit() && !sides[0].is_unfit());
    assert_eq!(
        sides[1].failed_checks(),
        ["B: INCOMPLETE (interrupted); missing: concurrency 10: 9 of 20 items"]
    );
    let shown = compared(&sides);
    assert!(shown.contains("B: its checks failed or it is incomplete"), "{shown}");
}

/// Three runs of a splitting, of which so many items got lost.
fn losses(letter: char, lost: [u64; 3]) -> Side {
    let run = |lost| {
        let mut result = result("splitter");
        let Detail::Splitter(splitting) = &mut result.detail else { panic!("a splitting") };
        splitting.runs[0].items.lost = lost;
        result
    };
    side(letter, lost.map(run).to_vec())
}

#[test]
fn items_that_got_lost_in_one_of_several_runs_are_no_chance() {
    let sides = [losses('A', [0, 0, 0]), losses('B', [0, 0, 500])];
    let limit = fail_above::percent("10%").unwrap();
    let gates = fail_above::gates(&sides, &Pairing::of(&sides), limit);
    let missed: Vec<_> = gates.iter().filter(|gate| !gate.is_passed()).map(|gate| &gate.name).collect();
    assert_eq!(missed.len(), 1, "{missed:?}");
    assert!(missed[0].contains(".lost"), "{missed:?}");
}

#[test]
fn a_figure_that_one_of_several_runs_lacks_or_has_in_other_parts_has_no_mean() {
    let (mut lacks, mut other) = (result("archive"), result("archive"));
    for one in [&mut lacks, &mut other] {
        set_price(one, "rust-stream", 0.000_03, 0.000_2);
    }
    lacks.cost.retain(|cost| cost.item != "rust-stream run");
    let whole = other.clone();
    other.cost.iter_mut().find(|cost| cost.item == "rust-stream run").unwrap().lines.pop();
    let price = |runs: [&RunResult; 2]| {
        let shown = compared(&[side('A', runs.map(Clone::clone).to_vec()), side('B', vec![whole.clone()])]);
        shown.lines().any(|line| line.starts_with("| rust-stream run ") && line.contains("price, USD"))
    };
    assert!(price([&whole, &whole]), "both have it");
    assert!(!price([&whole, &lacks]), "one lacks it");
    assert!(!price([&whole, &other]), "one has it without its requests");
}
