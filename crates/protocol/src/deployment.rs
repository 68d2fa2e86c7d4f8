//! What every scenario's part of a stack's output `environment` has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::stats::whole;

/// Where a scenario is deployed, and with which settings: `stacks/index.ts` writes it into each scenario's part of the
/// output `environment`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
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
    /// The smallest and the largest value of each setting that is a number.
    pub setting_ranges: BTreeMap<String, (f64, f64)>,
    /// Memory with which a function has one whole vCPU, MB.
    pub memory_per_vcpu: u64,
    /// The table with an item for each scenario that is being run.
    pub run_locks: String,
    /// The log group of each of the scenario's functions, by the function's name in the scenario, such as `upstream`; none of
    /// a stack that an earlier version deployed.
    #[serde(default)]
    pub log_groups: BTreeMap<String, String>,
}

/// A queue whose messages a function handles, with its dead-letter queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    /// Where messages are sent.
    pub url: String,
    /// What an event source mapping knows it by.
    pub arn: String,
    /// Where SQS and functions put what cannot be handled.
    pub dead_letter_url: String,
}

/// The table with what happened in each run.
#[derive(Debug, Clone, Deserialize)]
pub struct RunLogTable {
    /// Its name.
    pub table: String,
}

/// An Aurora cluster.
#[derive(Debug, Clone, Deserialize)]
pub struct Cluster {
    /// Its identifier, by which CloudWatch knows it.
    pub identifier: String,
    /// The host name of the endpoint that reads and writes.
    pub writer: String,
    /// The host name of the endpoint that only reads.
    pub reader: String,
    /// The database.
    pub database: String,
}

/// The stack was deployed by a version of lambench that had no such setting.
#[derive(Debug, thiserror::Error)]
#[error("the stack has no setting '{setting}': deploy it again with: {command}")]
pub struct MissingSetting {
    setting: String,
    command: String,
}

/// A command line of Pulumi's that means a stack, whichever is selected in the shell that it is pasted into.
#[must_use]
pub fn pulumi_command(command: &str, stack: &str) -> String {
    format!("pulumi {command} --stack {stack}")
}

impl Deployment {
    /// A setting that is a whole number; none if the scenario has no such setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<u64> {
        self.settings.get(name).and_then(Value::as_u64)
    }

    /// A setting that must be there.
    ///
    /// # Errors
    /// If it isn't.
    pub fn required(&self, name: &str) -> Result<u64, MissingSetting> {
        let missing = || MissingSetting { setting: name.to_owned(), command: self.pulumi("up") };
        self.setting(name).ok_or_else(missing)
    }

    /// The value nearest to another one that a setting may have.
    #[must_use]
    pub fn clamp(&self, name: &str, value: u64) -> u64 {
        self.setting_ranges.get(name).map_or(value, |(min, max)| value.clamp(whole(*min), whole(*max)))
    }

    /// A setting that is text; empty if the scenario has no such setting.
    #[must_use]
    pub fn text_setting(&self, name: &str) -> &str {
        self.settings.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A command line of Pulumi's that means this stack: `up`, `config set memory 512`.
    #[must_use]
    pub fn pulumi(&self, command: &str) -> String {
        pulumi_command(command, &self.stack)
    }

    /// The beginning of a command line of the AWS CLI that means the stack's region, whichever is configured in the shell that it
    /// is pasted into: `sqs purge-queue`.
    #[must_use]
    pub fn aws(&self, command: &str) -> String {
        format!("aws {command} --region {}", self.region)
    }

    /// Whether it is on AWS itself.
    #[must_use]
    pub fn is_on_aws(&self) -> bool {
        self.endpoint.is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment() -> Deployment {
        serde_json::from_value(json!({
            "stack": "dev", "region": "us-east-1", "endpoint": null, "architecture": "arm64",
            "settings": { "memory": 512, "hash": "md5" }, "settingRanges": { "memory": [128, 10240] },
            "memoryPerVcpu": 1769, "runLocks": "lambench-dev-locks",
        }))
        .unwrap()
    }

    #[test]
    fn a_setting_that_is_missing_is_told_with_the_command_that_helps() {
        let deployment = deployment();
        assert_eq!((deployment.required("memory").unwrap(), deployment.text_setting("hash")), (512, "md5"));
        let said = deployment.required("batchSize").unwrap_err().to_string();
        assert!(said.ends_with("pulumi up --stack dev"), "{said}");
    }

    #[test]
    fn advice_about_a_setting_stays_in_its_range() {
        let deployment = deployment();
        assert_eq!([64, 1024, 20_000].map(|memory| deployment.clamp("memory", memory)), [128, 1024, 10_240]);
    }
}
