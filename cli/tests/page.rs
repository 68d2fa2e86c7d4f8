//! `lambench report --html` and `compare --html`, of results as they should be and of broken and hostile ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use protocol::histogram::Histogram;
use serde_json::{Value, json};
use tempfile::TempDir;

const SCENARIOS: [&str; 5] = ["archive", "aurora", "pipeline", "s3-read", "splitter"];

/// An example's file, wherever a command runs.
fn example(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/v1/{scenario}.json"))
}

/// A folder with a result that was changed, as text.
fn changed(scenario: &str, change: impl Fn(String) -> String) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = fs::read_to_string(example(scenario)).expect("a fixture");
    fs::write(folder.path().join("result.json"), change(text)).expect("the folder is writable");
    folder
}

/// The same, as JSON.
fn patched(scenario: &str, patch: impl Fn(&mut Value)) -> TempDir {
    changed(scenario, |text| {
        let mut result = serde_json::from_str(&text).expect("JSON");
        patch(&mut result);
        result.to_string()
    })
}

fn lambench(folder: &TempDir, line: &str) -> Output {
    let mut command = Command::cargo_bin("lambench").expect("cargo builds the binary");
    command.current_dir(folder).args(line.split(' ')).output().expect("it starts")
}

/// How both pages of `result.json` are asked for: by itself, and beside the example that it was made of.
fn lines(scenario: &str) -> [String; 2] {
    [
        "report --html page.html result.json".to_owned(),
        format!("compare {} result.json --html page.html", example(scenario).display()),
    ]
}

/// Both pages of `result.json`: by itself, and beside the example that it was made of.
fn pages(folder: &TempDir, scenario: &str) -> [String; 2] {
    lines(scenario).map(|line| {
        let output = lambench(folder, &line);
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("page: page.html\n"), "{output:?}");
        fs::read_to_string(folder.path().join("page.html")).expect("it was written")
    })
}

/// Why neither page can be made.
fn refusals(folder: &TempDir, scenario: &str) -> [String; 2] {
    lines(scenario).map(|line| {
        let output = lambench(folder, &line);
        assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
        assert!(output.stdout.is_empty() && !folder.path().join("page.html").exists());
        String::from_utf8(output.stderr).expect("UTF-8")
    })
}

/// That a page runs nothing but its own script, and has only numbers in its drawings.
fn assert_harmless(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("default-src 'none'"));
    assert_eq!(page.matches("<script").count(), 1, "the page's own");
    for drawing in page.split("<svg").skip(1).filter_map(|rest| rest.split("</svg>").next()) {
        for attribute in drawing.split("=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!attribute.contains("NaN") && !attribute.contains("inf"), "{attribute}");
        }
    }
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn a_script_in_a_name_is_only_text() {
    let bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'|";
    let folder = patched("archive", |result| {
        for place in
            ["/environment/stack", "/environment/region", "/run/id", "/run/git_commit", "/summary/0/name"]
        {
            *result.pointer_mut(place).expect("it is there") = json!(bad);
        }
        result["environment"]["settings"][bad] = json!(bad);
        result["warnings"] = json!([bad]);
        result["archive"]["success"][0]["arn"] = json!(format!("arn:aws:lambda:us-east-1:0:function:{bad}"));
    });
    for page in pages(&folder, "archive") {
        assert_harmless(&page);
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<img"));
    }
}

#[test]
fn what_is_no_number_is_refused_with_where_it_stands() {
    for no_number in ["NaN", "Infinity", "-Infinity", "1e999", "\"12\"", "null"] {
        let folder = changed("archive", |text| {
            let mut result: Value = serde_json::from_str(&text).expect("JSON");
            result["summary"][0]["mean"] = json!("HERE");
            result.to_string().replace("\"HERE\"", no_number)
        });
        for said in refusals(&folder, "archive") {
            assert!(said.starts_with("error: result.json "), "{no_number}: {said}");
            let reason = ["is not JSON: ", "doesn't follow docs/results.schema.json: "];
            assert!(reason.iter().any(|reason| said.contains(reason)), "{no_number}: {said}");
        }
    }
}

#[test]
fn a_thousand_million_samples_make_no_larger_page() {
    // A distribution of more than 10⁹ requests takes no more room than one of a thousand.
    let mut histogram = Histogram::default();
    histogram.record(std::time::Duration::from_millis(5));
    for _ in 0..30 {
        histogram.merge(&histogram.clone());
    }
    assert!(histogram.count() > 1_000_000_000);
    let folder = patched("pipeline", |result| {
        result["samples"][0]["histogram"] = serde_json::to_value(&histogram).expect("JSON");
        result["summary"][0]["count"] = json!(histogram.count());
    });
    for page in pages(&folder, "pipeline") {
        assert_harmless(&page);
        assert!(page.contains("1073741824"), "the number is shown");
    }
    let folder = patched("archive", |result| {
        for place in ["runs_count", "duration_ms", "duration_ms_min", "duration_ms_max"] {
            result["archive"]["success"][0][place] = json!(1_000_000_000_u64);
        }
    });
    for page in pages(&folder, "archive") {
        assert_harmless(&page);
    }
}

#[test]
fn an_hour_of_seconds_and_one_that_is_impossible_make_no_larger_page() {
    let second = |second: u64, count: u64| {
        json!({
            "second": second, "due": count, "sent": count, "accepted": count, "refused": count, "unknown": count,
            "rows": count, "dead_lettered": count,
        })
    };
    for last in [3600, 1_000_000_000_000] {
        let folder = patched("pipeline", |result| {
            let hour = (0..3600).map(|number| second(number, number % 97));
            result["pipeline"]["seconds"] = hour.chain([second(last, 1_000_000_000_000)]).collect();
        });
        for page in pages(&folder, "pipeline") {
            assert_harmless(&page);
        }
        assert!(pages(&folder, "pipeline")[0].contains("Requests and rows by second"));
    }
}

#[test]
fn a_file_that_is_too_large_for_a_result_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = fs::File::create(folder.path().join("result.json")).expect("the folder is writable");
    file.set_len(5_000_000_000).expect("the file takes no room");
    for said in refusals(&folder, "archive") {
        assert!(
            said.starts_with("error: result.json has 5000 MB, and a result has 100 MB at most"),
            "{said}"
        );
    }
}

#[test]
fn distributions_that_are_none_are_refused() {
    // The last one claims to be 4 GB when it is unpacked.
    for text in ["", "AAAA", "not base64", "HISTFAAAAAR42mNgYGBg", "HISTFAAAABF4nJNpmSz8HwgYCAAAuqsFQw=="] {
        let folder = patched("pipeline", |result| result["samples"][0]["histogram"] = json!(text));
        for said in refusals(&folder, "pipeline") {
            assert!(said.contains("not a base64 HdrHistogram"), "{text}: {said}");
        }
    }
}

#[test]
fn a_result_that_breaks_off_is_refused() {
    let folder = changed("aurora", |text| text[..text.len() / 2].to_owned());
    for said in refusals(&folder, "aurora") {
        assert!(said.starts_with("error: result.json is not JSON: EOF while parsing"), "{said}");
    }
}

#[test]
fn results_of_schema_version_1_have_both_pages() {
    for scenario in SCENARIOS {
        let folder = changed(scenario, |text| text);
        for page in pages(&folder, scenario) {
            assert_harmless(&page);
            assert!(page.contains("role=\"img\"") || page.contains("<table"), "{scenario}");
            assert!(page.contains("LOCAL"), "{scenario}");
        }
    }
}

/// A checkout in which contests got dearer: three, then three more; one from AWS among them.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("Pulumi.yaml"), "name: lambench\n").expect("the folder is writable");
    let results = folder.path().join("results/archive");
    fs::create_dir_all(&results).expect("the folder is writable");
    let mut result: Value =
        serde_json::from_str(&fs::read_to_string(example("archive")).expect("a fixture")).expect("JSON");
    let prices = [1.0, 1.01, 0.99, 2.0, 2.01, 1.99, 777.0];
    for (day, price) in (1..).zip(prices) {
        result["run"]["started_at"] = json!(format!("2026-11-0{day}T00:00:00Z"));
        result["run"]["id"] = json!(format!("run-{day}"));
        for contender in result["archive"]["success"].as_array_mut().expect("contenders") {
            contender["total_price_usd"] = json!(0.001 * price);
        }
        if day == 7 {
            result["environment"]["kind"] = json!("aws");
        }
        let file = results.join(format!("2026-11-0{day}T00-00-00Z-dev.json"));
        fs::write(file, result.to_string()).expect("the folder is writable");
    }
    folder
}

#[test]
fn a_page_of_a_checkout_has_the_stacks_history_and_a_regression_shows() {
    let folder = checkout();
    let output = lambench(&folder, "compare archive/latest~6 archive/latest~1 --stack dev --html page.html");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(shown.starts_with("archive, compared with A") && shown.ends_with("page: page.html\n"), "{shown}");
    let page = fs::read_to_string(folder.path().join("page.html")).expect("it was written");
    assert_harmless(&page);
    assert!(page.contains("+100.0 % (latest 3 against first 3): worse"), "{page}");
    assert!(!page.contains("777") && !page.contains("AWS)"), "AWS is in no picture of local results");
    let output = lambench(&folder, "compare archive/latest~1 archive/latest --html other.html");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("is local, the other from AWS"), "{output:?}");
    assert!(!folder.path().join("other.html").exists());
}

#[test]
fn a_gate_still_decides_and_a_page_that_cannot_be_written_is_an_error() {
    let folder = patched("pipeline", |result| result["summary"][0]["mean"] = json!(100.0));
    let example = example("pipeline").display().to_string();
    let output =
        lambench(&folder, &format!("compare {example} result.json --html page.html --fail-above 10%"));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(folder.path().join("page.html").exists());
    let output = lambench(&folder, &format!("compare {example} result.json --html /nowhere/page.html"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("error: cannot write the page /nowhere/page.html: "), "{said}");
}
