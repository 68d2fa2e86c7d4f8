//! Metrics as log lines in `CloudWatch`'s embedded metric format: no request for them, they cost what a log line costs.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

/// Values of a metric that `CloudWatch` takes in one line.
const VALUES_PER_LINE: usize = 100;

/// One metric's values.
#[derive(Debug, Clone, Copy)]
pub struct Metric<'a> {
    /// Its name.
    pub name: &'a str,
    /// `CloudWatch`'s unit: `Milliseconds`, `Count`, ….
    pub unit: &'a str,
    /// What was measured.
    pub values: &'a [f64],
}

/// Writes metrics to the function's log, with a dimension, its name and value, or without any.
pub fn emit(namespace: &str, dimension: Option<(&str, &str)>, metrics: &[Metric<'_>]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or_default();
    for line in metrics.iter().flat_map(|metric| lines(namespace, dimension, metric, now)) {
        println!("{line}");
    }
}

/// A metric as lines; none without values.
fn lines(namespace: &str, dimension: Option<(&str, &str)>, metric: &Metric<'_>, now_ms: u64) -> Vec<String> {
    let head = json!({
        "Timestamp": now_ms,
        "CloudWatchMetrics": [{
            "Namespace": namespace,
            "Dimensions": [dimension.iter().map(|(key, _)| key).collect::<Vec<_>>()],
            "Metrics": [{ "Name": metric.name, "Unit": metric.unit }],
        }],
    });
    let line = |values: &[f64]| {
        let mut line = Map::from_iter([("_aws".to_owned(), head.clone())]);
        line.extend(dimension.map(|(key, value)| (key.to_owned(), json!(value))));
        let values = if let [one] = values { json!(one) } else { json!(values) };
        line.insert(metric.name.to_owned(), values);
        Value::Object(line).to_string()
    };
    metric.values.chunks(VALUES_PER_LINE).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(metric: &Metric<'_>) -> Vec<Value> {
        let lines = lines("PERFORMANCE/AURORA/shop", Some(("ACTION", "INSERT")), metric, 1_800_000_000_000);
        lines.iter().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    #[test]
    fn a_line_is_what_cloudwatch_reads() {
        let lines = parsed(&Metric { name: "COMPLETIONS", unit: "Count", values: &[25.0] });
        assert_eq!(
            lines,
            [json!({
                "_aws": {
                    "Timestamp": 1_800_000_000_000_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "PERFORMANCE/AURORA/shop",
                        "Dimensions": [["ACTION"]],
                        "Metrics": [{ "Name": "COMPLETIONS", "Unit": "Count" }],
                    }],
                },
                "ACTION": "INSERT",
                "COMPLETIONS": 25.0,
            })]
        );
    }

    #[test]
    fn a_metric_without_a_dimension_is_one_that_cloudwatch_shows_as_such() {
        let metric = Metric { name: "Latency", unit: "Milliseconds", values: &[1.5, 2.0] };
        let lines = lines("Pipeline", None, &metric, 1);
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[]]));
        assert_eq!(line["Latency"], json!([1.5, 2.0]));
        assert_eq!(line.as_object().unwrap().len(), 2);
    }

    #[test]
    fn a_line_has_no_more_values_than_cloudwatch_takes() {
        let values: Vec<f64> = (0..250).map(f64::from).collect();
        let lines = parsed(&Metric { name: "DURATION", unit: "Milliseconds", values: &values });
        let sizes: Vec<usize> = lines.iter().map(|line| line["DURATION"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [100, 100, 50]);
        assert_eq!(lines[2]["DURATION"][49], json!(249.0));
    }

    #[test]
    fn nothing_measured_is_no_line() {
        assert!(parsed(&Metric { name: "DURATION", unit: "Milliseconds", values: &[] }).is_empty());
    }
}
