//! The result file: one JSON document a run, the same for every scenario but for one part.

use jiff::Timestamp;
use protocol::deployment::Deployment;
use protocol::histogram::Histogram;
use protocol::summary::Summary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cost::Cost;
use crate::cpu::{CpuLimit, CpuUse};
use crate::estimate::Estimate;
use crate::limits::Limit;
use crate::scenario::Detail;

/// Version of this schema; a reader refuses those it doesn't know.
pub const SCHEMA_VERSION: u32 = 2;

/// One run of one scenario: `results/<scenario>/<UTC time>-<stack>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// [`SCHEMA_VERSION`] at the time of writing.
    pub schema_version: u32,
    /// What ran, when, and with which lambench.
    pub run: Run,
    /// Where it ran, and with which settings.
    pub environment: Environment,
    /// What is missing, if the user ended the run early; absent from a run that went to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<Incomplete>,
    /// Every measured value, so that other statistics can be made of them.
    pub samples: Vec<Samples>,
    /// The statistics of each entry of `samples`, in the same order.
    pub summary: Vec<Summary>,
    /// What functions had of the processors; only a local environment tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuUse>,
    /// What it costs, by item.
    pub cost: Vec<Cost>,
    /// What the run was expected to cost before it began, beside what it has cost; absent from results of versions that made no
    /// estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// The limits that the run was known to meet before it began, with what it needed of each; absent from results of versions that
    /// did not keep them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// What the reader of the numbers should know, each with advice.
    pub warnings: Vec<String>,
    /// What makes the figures unfit for use, in words: the run has failed.
    pub failed_checks: Vec<String>,
    /// What only this scenario has, under the scenario's name.
    #[serde(flatten)]
    pub detail: Detail,
}

impl RunResult {
    /// Whether its figures can be used: it is complete, and its checks passed.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.failed_checks.is_empty() && self.incomplete.is_none()
    }
}

/// Why a run did not go to its end, and what its figures lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Incomplete {
    /// Such as `interrupted`.
    pub reason: String,
    /// What was asked for and is not in the result, in words.
    pub missing: Vec<String>,
}

impl Incomplete {
    /// The user ended a run that lacks something; none if it lacks nothing.
    #[must_use]
    pub fn interrupted(missing: Vec<String>) -> Option<Self> {
        (!missing.is_empty()).then(|| Self { reason: "interrupted".to_owned(), missing })
    }
}

/// Identity of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Unique: the name of the execution.
    pub id: String,
    /// The scenario's name.
    pub scenario: String,
    /// When it was triggered.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When its outcome was known.
    #[schemars(with = "String")]
    pub ended_at: Timestamp,
    /// Version of the `lambench` command.
    pub tool_version: String,
    /// The checkout's commit, with `-dirty` behind it if it had changes; none outside a checkout.
    pub git_commit: Option<String>,
}

/// Where a run took place. Results of different kinds are never ranked side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// AWS or local.
    pub kind: Kind,
    /// The stack's name.
    pub stack: String,
    /// AWS region.
    pub region: String,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// The endpoint, where it isn't AWS.
    pub endpoint: Option<String>,
    /// The scenario's settings, memory among them.
    pub settings: Map<String, Value>,
    /// How functions were held to their share of a processor; only a local environment tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuLimit>,
    /// What answered S3's requests, and whether over TLS; only a local environment tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<String>,
}

/// What kind of environment ran the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// AWS itself.
    Aws,
    /// An emulator on somebody's machine. docs/prediction.md says what its figures tell of AWS.
    Local,
}

/// The values of one measured quantity: each of them, or where there are too many, their distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Samples {
    /// What was measured, such as `rust-stream duration`.
    pub name: String,
    /// Unit of the values, such as `ms`.
    pub unit: String,
    /// In the order in which they were taken; empty where there is a histogram.
    pub values: Vec<f64>,
    /// The distribution of latencies that are too many to keep each; its unit is always ms in the statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
}

impl From<&Deployment> for Environment {
    fn from(deployment: &Deployment) -> Self {
        Self {
            kind: if deployment.is_on_aws() { Kind::Aws } else { Kind::Local },
            stack: deployment.stack.clone(),
            region: deployment.region.clone(),
            architecture: deployment.architecture.clone(),
            endpoint: deployment.endpoint.clone(),
            settings: deployment.settings.clone(),
            cpu: None,
            s3: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_written_before_there_were_histograms_are_still_read() {
        let samples: Samples =
            serde_json::from_str(r#"{"name": "x", "unit": "ms", "values": [1.5]}"#).unwrap();
        assert_eq!((samples.values, samples.histogram), (vec![1.5], None));
    }

    #[test]
    fn the_published_schema_is_the_one_of_the_types() {
        let schema = schemars::schema_for!(RunResult);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results.schema.json");
        let published = std::fs::read_to_string(path).unwrap_or_default();
        // Not as text: the order of keys depends on what else is built.
        let published: Option<Value> = serde_json::from_str(&published).ok();
        assert!(
            published.as_ref() == Some(schema.as_value()),
            "docs/results.schema.json is out of date: cargo run -p results --example schema > docs/results.schema.json"
        );
    }
}
