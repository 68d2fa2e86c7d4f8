//! `lambench report --metrics`, as Prometheus meets it.

mod strict;

use std::fs;
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};
use strict::{Family, Sample, parse};

const ALL: [&str; 5] = [
    "tests/v1/archive.json",
    "tests/v1/aurora.json",
    "tests/v1/pipeline.json",
    "tests/v1/s3-read.json",
    "tests/v1/splitter.json",
];

fn lambench(arguments: &[&str]) -> Output {
    Command::cargo_bin("lambench")
        .expect("cargo builds the binary")
        .args(arguments)
        .output()
        .expect("it starts")
}

/// The families that are printed of some results.
fn metrics(files: &[&str]) -> Vec<Family> {
    let output = lambench(&[&["report", "--metrics"][..], files].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    parse(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// The values of a family that have these labels.
fn values(families: &[Family], name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
    let family = families.iter().find(|family| family.name == name).unwrap_or_else(|| panic!("no {name}"));
    let is_meant = |sample: &&Sample| labels.iter().all(|(name, value)| sample.label(name) == Some(value));
    family.samples.iter().filter(is_meant).map(|sample| sample.value).collect()
}

/// A changed copy of a result.
fn changed(file: &str, change: impl Fn(&mut Value)) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut result = serde_json::from_str(&fs::read_to_string(file).expect("a fixture")).expect("JSON");
    change(&mut result);
    let path = folder.path().join("result.json");
    fs::write(&path, result.to_string()).expect("the folder is writable");
    let path = path.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

#[test]
fn every_scenario_follows_the_specification_and_has_base_units() {
    let families = metrics(&ALL);
    let kinds = |kind: &str| families.iter().filter(|family| family.kind == kind).count();
    assert_eq!((kinds("info"), kinds("summary")), (1, 1));
    for family in &families {
        assert!(family.name.starts_with("lambench_") && !family.samples.is_empty(), "{family:?}");
        assert!(family.help.as_ref().is_some_and(|help| help.ends_with('.')), "{family:?}");
        for word in ["ms", "mb", "percent", "total", "count", "sum", "bucket", "created"] {
            assert!(!family.name.ends_with(&format!("_{word}")), "{}", family.name);
        }
        for sample in &family.samples {
            for label in ["scenario", "stack", "environment", "region"] {
                assert!(sample.label(label).is_some_and(|value| !value.is_empty()), "{sample:?}");
            }
        }
    }
    assert_eq!(values(&families, "lambench_run_incomplete", &[]), [0.0; 5]);
    assert_eq!(values(&families, "lambench_run_failed_checks", &[]), [0.0; 5]);
}

#[test]
fn figures_are_those_of_the_result_in_seconds_and_at_its_time() {
    let families = metrics(&["tests/v1/pipeline.json"]);
    let result: Value =
        serde_json::from_str(&fs::read_to_string("tests/v1/pipeline.json").expect("a fixture"))
            .expect("JSON");
    let http = &result["summary"][0];
    let of = [("of", "http"), ("scenario", "pipeline"), ("environment", "local")];
    let seconds = |name: &str| http[name].as_f64().expect("a number") / 1000.0;
    for (quantile, name) in
        [("0.0", "min"), ("0.5", "p50"), ("0.9", "p90"), ("0.99", "p99"), ("0.999", "p99_9"), ("1.0", "max")]
    {
        let labels = [&of[..], &[("quantile", quantile)]].concat();
        assert_eq!(values(&families, "lambench_time_seconds", &labels), [seconds(name)], "{name}");
    }
    assert_eq!(values(&families, "lambench_time_mean_seconds", &of), [seconds("mean")]);
    assert_eq!(values(&families, "lambench_values", &of), [http["count"].as_f64().expect("a number")]);
    let memory = result["environment"]["settings"]["memory"].to_string();
    assert_eq!(values(&families, "lambench_values", &[&of[..], &[("memory_mb", &memory)]].concat()).len(), 1);
    let started = values(&families, "lambench_run_start_timestamp_seconds", &[])[0];
    let times = families.iter().flat_map(|family| &family.samples).map(|sample| sample.at);
    for at in times {
        assert!((at - started).abs() < 0.001, "{at} and {started}");
    }
    let cost = &result["cost"][0];
    let of = [("of", cost["item"].as_str().expect("a name"))];
    assert_eq!(values(&families, "lambench_price_usd", &of), [cost["usd"].as_f64().expect("a number")]);
}

#[test]
fn contenders_have_their_own_series_and_labels_are_escaped() {
    let families = metrics(&["tests/v1/archive.json"]);
    assert_eq!(values(&families, "lambench_lambda_price_usd", &[("of", "rust-stream")]).len(), 1);
    let bad = "a\"b\\c\nd{e}=,\u{0}\u{7f}";
    let (_folder, file) =
        changed("tests/v1/archive.json", |result| result["environment"]["stack"] = json!(bad));
    let families = metrics(&[&file]);
    assert!(families.iter().flat_map(|family| &family.samples).all(|one| one.label("stack") == Some(bad)));
}

#[test]
fn figures_that_are_unfit_for_use_are_left_out_and_say_so() {
    let (_failed_folder, failed) = changed("tests/v1/splitter.json", |result| {
        result["splitter"]["violations"] = json!(["1 lost", "2 more"]);
    });
    let (_folder, incomplete) = changed("tests/v1/splitter.json", |result| {
        result["incomplete"] = json!({ "reason": "interrupted", "missing": ["concurrency 10"] });
    });
    for (file, expected) in [(failed, (2.0, 0.0)), (incomplete, (0.0, 1.0))] {
        let families = metrics(&[&file]);
        let run = |name: &str| values(&families, name, &[])[0];
        assert_eq!((run("lambench_run_failed_checks"), run("lambench_run_incomplete")), expected);
        let has = |name: &str| families.iter().any(|family| family.name == name);
        assert!(has("lambench_lost") && has("lambench_failures"), "what failed is a fact");
        for figure in
            ["lambench_time_seconds", "lambench_speed_up", "lambench_price_usd", "lambench_elapsed_seconds"]
        {
            assert!(!has(figure), "{figure}");
        }
    }
}

#[test]
fn several_runs_are_points_of_the_same_series_oldest_first() {
    let (_folder, earlier) = changed("tests/v1/archive.json", |result| {
        result["run"]["started_at"] = json!("2026-11-01T00:00:00.5Z");
    });
    let families = metrics(&["tests/v1/archive.json", &earlier]);
    let mean =
        families.iter().find(|family| family.name == "lambench_time_mean_seconds").expect("it is there");
    assert_eq!(mean.samples.len(), 6, "three contenders, two runs");
    assert!((mean.samples[0].at - 1_793_491_200.5).abs() < 1e-6, "{:?}", mean.samples[0]);
    let twice = lambench(&["report", "--metrics", &earlier, &earlier]);
    let said = String::from_utf8_lossy(&twice.stderr);
    assert_eq!(twice.status.code(), Some(1));
    assert!(
        said.contains("two results of archive on stack dev began at 2026-11-01T00:00:00.5Z: give one"),
        "{said}"
    );
}

#[test]
fn metrics_are_written_to_a_file_and_a_result_is_never_taken_for_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("lambench.prom");
    let option = format!("--metrics={}", file.display());
    let output = lambench(&["report", &option, ALL[0]]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("metrics: {}\n", file.display()));
    assert!(parse(&fs::read_to_string(&file).expect("it was written")).is_ok());
    let (_result_folder, result) = changed(ALL[0], |_| {});
    let before = fs::read(&result).expect("it is there");
    assert!(!metrics(&[&result]).is_empty());
    assert_eq!(fs::read(&result).expect("it is still there"), before);
    let output = lambench(&["report", "--metrics", "--html", "x.html", ALL[0]]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let output = lambench(&["report", "--metrics=/nowhere/x.prom", ALL[0]]);
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("error: cannot write the metrics /nowhere/x.prom: ")
    );
}
