//! What a deployed stack says about itself: `pulumi stack output environment`.

use std::process::Command;

use anyhow::{Context, Result, bail};
use results::file::{Environment, Kind};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What every scenario's environment has, as `infra/index.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    /// The stack's name.
    pub stack: String,
    /// AWS region.
    pub region: String,
    /// The endpoint, where it isn't AWS.
    pub endpoint: Option<String>,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// The scenario's settings.
    pub settings: Map<String, Value>,
}

impl Place {
    /// A setting that is a whole number; none if the scenario has no such setting.
    pub fn setting(&self, name: &str) -> Option<u64> {
        self.settings.get(name).and_then(Value::as_u64)
    }

    /// A setting that must be there.
    pub fn required(&self, name: &str) -> Result<u64> {
        self.setting(name).with_context(|| {
            format!("the stack has no setting '{name}': deploy it again with: pulumi up {}", self.flag())
        })
    }

    /// What to put behind a command of Pulumi's to mean this stack.
    pub fn flag(&self) -> String {
        format!("--stack {}", self.stack)
    }

    /// Whether it is on AWS itself.
    pub fn is_on_aws(&self) -> bool {
        self.endpoint.is_none()
    }

    /// This place as a result file names it.
    pub fn environment(&self) -> Environment {
        Environment {
            kind: if self.is_on_aws() { Kind::Aws } else { Kind::Local },
            stack: self.stack.clone(),
            region: self.region.clone(),
            architecture: self.architecture.clone(),
            endpoint: self.endpoint.clone(),
            settings: self.settings.clone(),
        }
    }
}

/// A scenario's part of the `environment` output of a stack; without `stack`, of the selected one.
///
/// # Errors
/// If there is no `pulumi`, no such stack, or the stack doesn't have the scenario.
pub fn environment<T: for<'de> Deserialize<'de>>(scenario: &str, stack: Option<&str>) -> Result<T> {
    let stack_arguments = stack.map_or_else(Vec::new, |name| vec!["--stack", name]);
    let up = ["pulumi", "up"].iter().chain(&stack_arguments).copied().collect::<Vec<_>>().join(" ");
    let output = Command::new("pulumi")
        .args(["stack", "output", "environment", "--json", "--non-interactive"])
        .args(&stack_arguments)
        .output()
        .context("can't run pulumi: install it, or point at the local environment's: eval \"$(lambench local env)\"")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("error: ");
        if let Some(stack) = stack.filter(|_| said.starts_with("no stack named")) {
            bail!(
                "{said}: see which there are with: pulumi stack ls; or make it with: pulumi stack init {stack}, then: {up}"
            );
        }
        bail!("the stack has no outputs to read ({said}): deploy it with: {up}");
    }
    let mut all: Map<String, Value> =
        serde_json::from_slice(&output.stdout).context("the output 'environment' is not a JSON object")?;
    let Some(part) = all.remove(scenario) else {
        let has = all.keys().cloned().collect::<Vec<_>>().join(", ");
        bail!(
            "the stack doesn't have the scenario '{scenario}' (it has: {has}): add it to its 'scenarios', then: {up}"
        );
    };
    serde_json::from_value(part).with_context(|| {
        format!("the output 'environment.{scenario}' is from another version: deploy again with: {up}")
    })
}
