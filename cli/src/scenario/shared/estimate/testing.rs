//! What the tests of several scenarios' estimates have in common.

use std::fs;
use std::path::Path;

use protocol::deployment::Deployment;
use results::estimate::Estimate;
use serde_json::{Value, json};
use test_kit::aws::{self, Answer};

use super::forecast::forecast;
use crate::project::Project;
use crate::result_file::read;
use crate::scenario::shared::run::Run;
use crate::scenario::{Scenario, used};

/// What was estimated for the same run as that of a stored result, and what that one has measured.
pub async fn again<S: Scenario>(scenario: &S, mut run: Run<S::Deployed>) -> Estimate {
    let stored = Path::new("tests/estimates").join(format!("{}.json", S::NAME));
    let result = read(&stored).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results").join(S::NAME);
    fs::create_dir_all(&results).unwrap();
    fs::copy(&stored, results.join("2026-11-30T16-00-00Z-dev.json")).unwrap();
    run.project = Project { root: folder.path().to_owned(), state: folder.path().join(".lambench") };
    run.config = aws::config(|operation, _| lambda(operation)).0;
    let deployment: &mut Deployment = run.deployed.as_mut();
    deployment.settings = result.environment.settings.clone();
    deployment.architecture.clone_from(&result.environment.architecture);
    let forecast = forecast(scenario, &run, &[]).await.unwrap();
    assert!(forecast.run.assumptions.iter().any(|one| one.contains("results/")) || S::NAME == "aurora");
    Estimate { measured: used(&result.detail, "dev", &result.cost), ..forecast.run }
}

/// What Lambda says of the account and of contenders.
fn lambda(operation: &str) -> Answer {
    let body: Value = if operation == "GET /2016-08-19/account-settings" {
        json!({ "AccountLimit": { "ConcurrentExecutions": 15, "UnreservedConcurrentExecutions": 10 } })
    } else {
        let memory = if operation.contains("python-naive") { 1769 } else { 512 };
        json!({ "MemorySize": memory, "Architectures": ["x86_64"], "EphemeralStorage": { "Size": 512 } })
    };
    (200, body)
}

/// Fails unless each line that was measured is within 10 % of what was estimated, but for those that a local run cannot tell.
pub fn assert_alike(estimate: &Estimate, except: &[&str]) {
    assert_eq!(estimate.items.len(), estimate.measured.len(), "{estimate:?}");
    for (expected, measured) in estimate.items.iter().zip(&estimate.measured) {
        assert_eq!(expected.item, measured.item);
        assert_eq!(expected.lines.len(), measured.lines.len(), "{}", expected.item);
        for (line, other) in expected.lines.iter().zip(&measured.lines) {
            assert_eq!(line.name, other.name, "{}", expected.item);
            let [got, want] = [line.quantity, other.quantity].map(Option::unwrap);
            let is_alike = (got - want).abs() <= 0.1 * want;
            assert!(
                is_alike || except.contains(&line.name.as_str()),
                "{}, {}: {got} is not {want}",
                expected.item,
                line.name
            );
        }
    }
}
