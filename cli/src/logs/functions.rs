//! The functions of a stack, by names short enough to type.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use protocol::deployment::Deployment;

use crate::exit::Usage;

/// A function that has a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The scenario that it belongs to.
    pub scenario: String,
    /// Its name in the scenario, such as `upstream`.
    pub name: String,
    /// Its log group.
    pub log_group: String,
}

impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.scenario, self.name)
    }
}

impl Function {
    /// Whether a name means this one: `upstream`, `pipeline/upstream`, `pipeline`, or as AWS knows the function.
    fn is_meant_by(&self, name: &str) -> bool {
        let whole = self.log_group.rsplit('/').next();
        name == self.name || name == self.scenario || whole == Some(name) || name == self.to_string()
    }
}

/// The functions that a name means, of all scenarios of a stack.
///
/// # Errors
/// [`Usage`] if there is none; it names all that there are.
pub fn find(deployments: &BTreeMap<String, Deployment>, name: &str) -> Result<Vec<Function>> {
    let all: Vec<Function> = deployments.iter().flat_map(|(scenario, one)| of(scenario, one)).collect();
    let found: Vec<Function> = all.iter().filter(|one| one.is_meant_by(name)).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let Some(deployment) = deployments.values().next().filter(|_| !all.is_empty()) else {
        let up = deployments.values().next().map_or_else(|| "pulumi up".to_owned(), |one| one.pulumi("up"));
        return Err(Usage(format!(
            "the stack doesn't name its functions' logs, as one that another version deployed: deploy it again with: {up}"
        ))
        .into());
    };
    let known = deployments.iter().map(|(scenario, one)| {
        let names = one.log_groups.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("  {scenario}: {names}")
    });
    Err(Usage(format!(
        "the stack {} has no function '{name}'; it has:\n{}",
        deployment.stack,
        known.collect::<Vec<_>>().join("\n")
    ))
    .into())
}

fn of<'a>(scenario: &'a str, deployment: &'a Deployment) -> impl Iterator<Item = Function> + 'a {
    deployment.log_groups.iter().map(move |(name, log_group)| Function {
        scenario: scenario.to_owned(),
        name: name.clone(),
        log_group: log_group.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::{self, Deployed};

    fn stack() -> BTreeMap<String, Deployment> {
        let scenario = |name: &'static str, functions: &[&str]| {
            let groups: BTreeMap<_, _> = functions
                .iter()
                .map(|function| (*function, format!("/aws/lambda/lambench-dev-{name}-{function}")))
                .collect();
            let environment = serde_json::json!({ "settings": {}, "logGroups": groups });
            (name.to_owned(), testing::run::<Deployed>(name, environment).deployed.0)
        };
        BTreeMap::from([
            scenario("aurora", &["tally", "worker-queue-sqlx"]),
            scenario("pipeline", &["tally", "upstream"]),
        ])
    }

    fn found(name: &str) -> Vec<String> {
        find(&stack(), name).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_means_every_function_that_has_it() {
        assert_eq!(found("upstream"), ["pipeline/upstream"]);
        assert_eq!(found("tally"), ["aurora/tally", "pipeline/tally"]);
        assert_eq!(found("pipeline/tally"), ["pipeline/tally"]);
        assert_eq!(found("pipeline"), ["pipeline/tally", "pipeline/upstream"]);
        assert_eq!(found("lambench-dev-aurora-tally"), ["aurora/tally"]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_all_that_there_are() {
        let said = find(&stack(), "upstraem").unwrap_err();
        assert!(said.is::<Usage>());
        assert_eq!(
            said.to_string(),
            "the stack dev has no function 'upstraem'; it has:\n  aurora: tally, worker-queue-sqlx\n  pipeline: tally, upstream"
        );
    }

    #[test]
    fn a_stack_of_another_version_is_to_be_deployed_again() {
        let mut stack = stack();
        for one in stack.values_mut() {
            one.log_groups.clear();
        }
        let said = find(&stack, "upstream").unwrap_err().to_string();
        assert!(said.ends_with("deploy it again with: pulumi up --stack dev"), "{said}");
    }
}
