//! What earlier results say of what nobody knows beforehand: how long invocations take, and how many there are.

use std::cmp::Reverse;

use protocol::deployment::Deployment;
use protocol::stats::real;
use results::cost::Cost;
use results::file::{Environment, Kind};
use results::scenario::Detail;
use serde_json::{Map, Value};

use super::range::Range;
use crate::history::History;
use crate::project::Project;
use crate::result_file::read;
use crate::scenario::shared::memory_sweep;

/// Results that are looked at: the newest ones.
const RESULTS: usize = 10;
/// How much longer than in an earlier run of the same stack's kind invocations take.
const SPREAD: Range = Range::new(0.8, 1.0, 1.5);
/// The same on AWS where only a local run tells.
const SPREAD_OF_LOCAL: Range = Range::new(0.5, 1.0, 2.0);

/// A run with one memory size that an earlier result has.
#[derive(Debug, Clone)]
pub struct Past {
    /// The result's file, in `results/`.
    pub file: String,
    /// Where it ran.
    pub kind: Kind,
    /// The stack.
    pub stack: String,
    /// The memory by the settings, MB.
    pub memory_mb: u64,
    /// The scenario's settings.
    pub settings: Map<String, Value>,
    /// What only the scenario has.
    pub detail: Detail,
    /// What it cost.
    pub cost: Vec<Cost>,
}

/// The runs that earlier results have.
#[derive(Debug, Default)]
pub struct Pasts(Vec<Past>);

impl Pasts {
    /// Those of a scenario that went to their end, newest first: for a local stack only local ones, whose durations say nothing
    /// about another machine; for AWS also local ones, which are better than nothing.
    pub fn find(project: &Project, scenario: &str, deployment: &Deployment) -> Self {
        // A checkout whose results cannot be listed has none: the estimate says what it assumes.
        let history = History::of(&project.root.join("results")).unwrap_or_default();
        let newest = history.only(Some(scenario), None).results.into_iter().take(RESULTS);
        let all = newest.filter_map(|stored| {
            let result = read(&stored.file).ok().filter(results::file::RunResult::is_fit)?;
            let file = stored.file.strip_prefix(&project.root).unwrap_or(&stored.file).display().to_string();
            Some(Past::all(&file, result.environment, result.detail, &result.cost))
        });
        let is_usable = |past: &Past| deployment.is_on_aws() || past.kind == Kind::Local;
        Self(all.flatten().filter(is_usable).collect())
    }

    /// The same, those first that tell most about a stack with its memory.
    pub fn for_stack(&self, deployment: &Deployment) -> Vec<&Past> {
        let mut all: Vec<(usize, &Past)> = self.0.iter().enumerate().collect();
        all.sort_by_key(|(age, past)| {
            let is_same_kind = past.is_like(deployment);
            let is_same_memory = deployment.setting("memory") == Some(past.memory_mb);
            (Reverse((is_same_kind, past.stack == deployment.stack, is_same_memory)), *age)
        });
        all.into_iter().map(|(_, past)| past).collect()
    }
}

impl Past {
    /// The runs of a result: one, or one with each memory size.
    fn all(file: &str, environment: Environment, detail: Detail, costs: &[Cost]) -> Vec<Self> {
        let Environment { kind, stack, settings, .. } = environment;
        let of = |memory_mb, detail, cost| Self {
            file: file.to_owned(),
            kind,
            stack: stack.clone(),
            memory_mb,
            settings: settings.clone(),
            detail,
            cost,
        };
        match detail {
            Detail::MemorySweep(sweep) => {
                let points = sweep.points.into_iter().filter(results::memory_sweep::Point::is_fit);
                points
                    .map(|point| {
                        of(point.memory_mb, point.detail, memory_sweep::costs(costs, point.memory_mb))
                    })
                    .collect()
            }
            detail => {
                let memory_mb = settings.get("memory").and_then(Value::as_u64).unwrap_or_default();
                vec![of(memory_mb, detail, costs.to_vec())]
            }
        }
    }

    /// Whether it ran in a place of a stack's kind.
    fn is_like(&self, deployment: &Deployment) -> bool {
        (self.kind == Kind::Aws) == deployment.is_on_aws()
    }

    /// How much longer than here invocations take on a stack with another memory, if theirs was `from_mb`: between as long as here,
    /// and longer by as much as the processor's share is smaller.
    pub fn durations(&self, deployment: &Deployment, from_mb: u64, to_mb: u64) -> Range {
        let slower = if from_mb == 0 || to_mb == 0 { 1.0 } else { real(from_mb) / real(to_mb) };
        let by_memory = Range::new(slower.min(1.0), slower.sqrt(), slower.max(1.0));
        by_memory.times(if self.is_like(deployment) { SPREAD } else { SPREAD_OF_LOCAL })
    }

    /// A setting that was a whole number.
    pub fn setting(&self, name: &str) -> Option<u64> {
        self.settings.get(name).and_then(Value::as_u64)
    }

    /// Where something is from, as an assumption says it.
    pub fn says(&self, deployment: &Deployment, what: &str) -> String {
        let local = if self.is_like(deployment) { "" } else { ", a LOCAL run" };
        let memory = match deployment.setting("memory") {
            Some(memory_mb) if memory_mb != self.memory_mb && self.memory_mb > 0 => {
                format!(", with {} MB", self.memory_mb)
            }
            _ => String::new(),
        };
        format!("{what}: from {}{local}{memory}", self.file)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::scenario::shared::testing::{self, Deployed};

    /// A checkout with an example result under several names.
    fn checkout(files: &[(&str, Value)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path().join("results/splitter");
        fs::create_dir_all(&results).unwrap();
        let text = fs::read_to_string(Path::new("tests/v1/splitter.json")).unwrap();
        for (name, changes) in files {
            let mut result: Value = serde_json::from_str(&text).unwrap();
            result["environment"].as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            fs::write(results.join(name), result.to_string()).unwrap();
        }
        let project = Project { root: folder.path().to_owned(), state: folder.path().join(".lambench") };
        (folder, project)
    }

    fn deployment(memory: u64, on_aws: bool) -> Deployment {
        let mut run = testing::run::<Deployed>("x", json!({ "settings": { "memory": memory } }));
        if on_aws {
            run.deployed.0.endpoint = None;
        }
        run.deployed.0
    }

    #[test]
    fn the_result_that_tells_most_comes_first() {
        let (_folder, project) = checkout(&[
            ("2026-11-21T10-00-00Z-dev.json", json!({})),
            ("2026-11-22T10-00-00Z-dev.json", json!({ "settings": { "memory": 512 } })),
            ("2026-11-23T10-00-00Z-other.json", json!({ "stack": "other" })),
            ("2026-11-20T10-00-00Z-cloud.json", json!({ "stack": "cloud", "kind": "aws", "endpoint": null })),
            ("2026-11-24T10-00-00Z-dev.json", json!({ "stack": 1 })),
        ]);
        let first = |memory, on_aws| {
            let deployment = deployment(memory, on_aws);
            let pasts = Pasts::find(&project, "splitter", &deployment);
            pasts.for_stack(&deployment)[0].says(&deployment, "durations")
        };
        assert_eq!(first(128, false), "durations: from results/splitter/2026-11-21T10-00-00Z-dev.json");
        assert_eq!(first(512, false), "durations: from results/splitter/2026-11-22T10-00-00Z-dev.json");
        assert!(first(256, false).ends_with("2026-11-22T10-00-00Z-dev.json, with 512 MB"));
        assert!(first(128, true).ends_with("2026-11-20T10-00-00Z-cloud.json"), "AWS before a local stack");
        let local = deployment(128, false);
        let pasts = Pasts::find(&project, "splitter", &local);
        assert!(pasts.0.iter().all(|past| past.kind == Kind::Local) && pasts.0.len() == 3);
        assert!(Pasts::find(&project, "archive", &local).0.is_empty());
    }

    #[test]
    fn a_smaller_memory_takes_as_long_or_longer_by_its_share_of_the_processor() {
        let (_folder, project) = checkout(&[("2026-11-21T10-00-00Z-dev.json", json!({}))]);
        let (local, aws) = (deployment(128, false), deployment(128, true));
        let pasts = Pasts::find(&project, "splitter", &aws);
        let past = pasts.for_stack(&aws)[0];
        assert_eq!(past.durations(&local, 512, 512), SPREAD);
        assert_eq!(past.durations(&local, 512, 128), Range::new(0.8, 2.0, 6.0));
        assert_eq!(past.durations(&local, 128, 512), Range::new(0.2, 0.5, 1.5));
        assert_eq!(past.durations(&aws, 512, 512), SPREAD_OF_LOCAL);
        assert!(past.says(&aws, "durations").ends_with("dev.json, a LOCAL run"));
    }
}
