//! A result as comma-separated values: a line for each statistic and each cost, so that every scenario has the same columns.

use anyhow::Result;
use csv::Writer;
use protocol::stats::real;
use protocol::summary::Summary;
use results::file::{Kind, RunResult};

const COLUMNS: [&str; 8] =
    ["scenario", "stack", "environment", "started_at", "name", "statistic", "unit", "value"];

/// The lines of a result below a header.
///
/// # Errors
/// None that its content could cause.
pub fn render(result: &RunResult) -> Result<String> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    let environment = match result.environment.kind {
        Kind::Aws => "aws",
        Kind::Local => "local",
    };
    let started_at = result.run.started_at.to_string();
    let mut write = |name: &str, statistic: &str, unit: &str, value: f64| {
        let run = [&result.run.scenario, &result.environment.stack, environment, &started_at];
        let figure = [name, statistic, unit, &value.to_string()];
        writer.write_record(run.into_iter().chain(figure))
    };
    for summary in &result.summary {
        for (statistic, unit, value) in statistics(summary) {
            write(&summary.name, statistic, unit, value)?;
        }
    }
    for cost in &result.cost {
        if let Some(usd) = cost.usd {
            write(&cost.item, "cost", "USD", usd)?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn statistics(one: &Summary) -> impl Iterator<Item = (&'static str, &str, f64)> {
    let unit = one.unit.as_str();
    let counts = [("count", one.count), ("failures", one.failures)];
    let values = [
        ("mean", one.mean),
        ("stddev", one.stddev),
        ("min", one.min),
        ("p50", one.p50),
        ("p90", one.p90),
        ("p99", one.p99),
        ("p99.9", one.p99_9),
        ("max", one.max),
    ];
    let counts = counts.into_iter().map(|(name, count)| (name, "", real(count)));
    let values = values.into_iter().map(move |(name, value)| (name, unit, value));
    let throughput = one.throughput.map(|rate| ("throughput", "per second", rate));
    counts.chain(values).chain(throughput)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::result_file::read;

    #[test]
    fn every_statistic_and_every_known_cost_is_a_line() {
        let result = read(Path::new("tests/aurora-result.json")).unwrap();
        let text = render(&result).unwrap();
        let rates = result.summary.iter().filter(|one| one.throughput.is_some()).count();
        let costs = result.cost.iter().filter(|cost| cost.usd.is_some()).count();
        assert_eq!(text.lines().count(), 1 + 10 * result.summary.len() + rates + costs);
        insta::assert_snapshot!(text.lines().take(4).collect::<Vec<_>>().join("\n"));
    }
}
