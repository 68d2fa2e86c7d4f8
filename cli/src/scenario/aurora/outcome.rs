//! The result of a load test: samples, statistics, cost and warnings.

use results::file::{Cost, Detail, RunResult, SCHEMA_VERSION};
use results::scenario::aurora::{Load, LoadPrice, Runs};

use super::{Test, price, warnings};
use crate::measured::Measured;
use crate::project::Project;
use crate::record;

/// What a load test has found out besides its runs.
#[derive(Default)]
pub struct Findings {
    /// The latencies of each stage, or of each action's messages.
    pub samples: Vec<Measured>,
    /// What went wrong in finding out.
    pub warnings: Vec<String>,
    /// Counts that don't add up.
    pub violations: Vec<String>,
}

/// The result of a test.
pub fn result(project: &Project, test: &Test, runs: Runs, findings: Findings) -> RunResult {
    let Findings { samples, mut warnings, violations } = findings;
    warnings.extend(warnings::of(&test.aurora, &runs));
    RunResult {
        schema_version: SCHEMA_VERSION,
        run: record::run(project, "aurora", &test.name, test.started_at),
        environment: test.aurora.place.environment(),
        summary: samples.iter().filter_map(Measured::summary).collect(),
        samples: samples.into_iter().map(Measured::samples).collect(),
        cost: costs(&runs, &test.aurora.place.architecture),
        warnings,
        detail: Detail::Aurora(Load { runs, violations }),
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
    Some(Cost {
        item: format!("{what}: a million completions, {with} Aurora's capacity"),
        usd,
        prices: price::quoted(price, architecture).into_iter().map(Into::into).collect(),
    })
}
