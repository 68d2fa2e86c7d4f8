//! What a deployed stack says about itself: `pulumi stack output environment`.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use protocol::deployment::{Deployment, pulumi_command};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::local::emulator;
use crate::project::Project;

/// What is going on while [`deployed`] asks Pulumi, which may take some seconds.
pub const LOOKING: &str = "looking whether the stack is deployed";

/// A scenario's part of the `environment` output of a stack; without `stack`, of the selected one.
///
/// # Errors
/// If there is no `pulumi`, no such stack, or the stack doesn't have the scenario.
pub fn deployed<T: DeserializeOwned>(scenario: &str, stack: Option<&str>) -> Result<T> {
    let mut all = environment(stack)?;
    let Some(part) = all.remove(scenario) else {
        let has = all.keys().cloned().collect::<Vec<_>>().join(", ");
        bail!(
            "the stack doesn't have the scenario '{scenario}' (it has: {has}): add it to its 'scenarios', then: {}",
            up(stack)
        );
    };
    parsed(scenario, part, stack)
}

/// What every scenario's part of that output has, by the scenario.
///
/// # Errors
/// If there is no `pulumi`, or no such stack.
pub fn every_scenario(stack: Option<&str>) -> Result<BTreeMap<String, Deployment>> {
    let all = environment(stack)?.into_iter();
    all.map(|(scenario, part)| parsed(&scenario, part, stack).map(|deployment| (scenario, deployment)))
        .collect()
}

fn environment(stack: Option<&str>) -> Result<Map<String, Value>> {
    let stack_option = stack.map_or_else(Vec::new, |name| vec!["--stack", name]);
    let output = Command::new("pulumi")
        .args(["stack", "output", "environment", "--json", "--non-interactive"])
        .args(&stack_option)
        .output()
        .context(
            "cannot run pulumi: install it, or use the local environment's: eval \"$(lambench local env)\"",
        )?;
    if !output.status.success() {
        bail!("{}{}", other_shell(), no_outputs(&String::from_utf8_lossy(&output.stderr), stack, &up(stack)));
    }
    serde_json::from_slice(&output.stdout).context("the output 'environment' is not a JSON object")
}

fn parsed<T: DeserializeOwned>(scenario: &str, part: Value, stack: Option<&str>) -> Result<T> {
    serde_json::from_value(part).with_context(|| {
        format!(
            "the output 'environment.{scenario}' is from another version: deploy again with: {}",
            up(stack)
        )
    })
}

fn up(stack: Option<&str>) -> String {
    stack.map_or_else(|| "pulumi up".to_owned(), |name| pulumi_command("up", name))
}

/// A word about a shell that means AWS although this checkout's local environment runs: `pulumi up` would deploy there.
fn other_shell() -> &'static str {
    let means_aws = std::env::var_os("AWS_ENDPOINT_URL").is_none();
    let runs = Project::find().is_ok_and(|project| emulator::address(&project).is_ok());
    if means_aws && runs {
        "the local environment runs, but this shell means AWS; to mean the local environment: \
         eval \"$(lambench local env)\". On AWS, "
    } else {
        ""
    }
}

/// Why Pulumi has no outputs, and what to do.
fn no_outputs(stderr: &str, stack: Option<&str>, up: &str) -> String {
    let reason = stderr.trim().trim_start_matches("error: ");
    match stack.filter(|_| reason.starts_with("no stack named")) {
        Some(stack) => format!(
            "{reason}: list the stacks with: pulumi stack ls; or create it with: pulumi stack init {stack}, then: {up}"
        ),
        None => format!("the stack has no outputs to read ({reason}): deploy it with: {up}"),
    }
}
