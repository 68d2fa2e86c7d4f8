//! The result of a load test: samples, statistics, cost and warnings.

use results::cost::Cost;
use results::scenario::Detail;
use results::scenario::aurora::{Load, LoadPrice, Runs};

use super::{Test, price, warnings};
use crate::scenario::shared::cost::quoted;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::series::Series;

/// What a load test has found out besides its runs.
#[derive(Default)]
pub struct Findings {
    /// The latencies of each stage, or of each action's messages.
    pub samples: Vec<Series>,
    /// What went wrong in finding out.
    pub warnings: Vec<String>,
    /// Counts that don't add up.
    pub violations: Vec<String>,
}

/// The result of a test.
pub fn result(test: &Test, runs: Runs, findings: Findings) -> Measurement {
    let Findings { samples, mut warnings, violations } = findings;
    warnings.extend(warnings::of(&test.aurora, &runs));
    Measurement {
        series: samples,
        cost: costs(&runs, &test.aurora.deployment.architecture),
        warnings,
        failed_checks: violations,
        detail: Detail::Aurora(Load { runs }),
    }
}

fn costs(runs: &Runs, architecture: &str) -> Vec<Cost> {
    match runs {
        Runs::Ramp(runs) => runs
            .iter()
            .filter_map(|run| cost(&format!("{} {}", run.driver, run.action), &run.price, architecture))
            .collect(),
        Runs::Queue(runs) => {
            runs.iter().filter_map(|run| cost(&run.driver.to_string(), &run.price, architecture)).collect()
        }
    }
}

/// The price of a million completions; with Aurora's capacity, where that was measured.
fn cost(what: &str, price: &LoadPrice, architecture: &str) -> Option<Cost> {
    let (usd, with) = match (price.per_million_with_aurora_usd, price.per_million_usd) {
        (Some(usd), _) => (usd, "with"),
        (None, Some(usd)) => (usd, "without"),
        (None, None) => return None,
    };
    Some(quoted(
        format!("{what}: a million completions, {with} Aurora's capacity"),
        usd,
        price::quoted(price, architecture),
    ))
}
