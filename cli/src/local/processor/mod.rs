//! How fast this machine's processors are beside Lambda's.

mod mix;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::project::Project;

/// What stacks deploy on AWS without a setting.
pub const ON_AWS: &str = "arm64";

const FILE: &str = "processor.json";
const REFERENCE: &str = include_str!("reference.toml");

/// How long this machine takes for the mix of work, measured once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// The mix's version.
    version: u32,
    /// The processor's model: a checkout may move to another machine.
    model: String,
    /// CPU time, s.
    seconds: f64,
}

impl Speed {
    /// The one that was measured on this machine before, or else measured now, which takes two seconds.
    ///
    /// # Errors
    /// If nothing can be measured, or the file cannot be written.
    pub fn of_this_machine(project: &Project) -> Result<Self> {
        let model = model();
        if let Some(speed) = Self::stored(project).filter(|speed| speed.model == model) {
            return Ok(speed);
        }
        let seconds = mix::cpu_time().context("cannot measure this machine's speed")?.as_secs_f64();
        let speed = Self { version: mix::VERSION, model, seconds };
        let file = project.folder("")?.join(FILE);
        fs::write(&file, serde_json::to_vec_pretty(&speed)?)
            .with_context(|| format!("cannot write '{}'", file.display()))?;
        Ok(speed)
    }

    /// The one that was measured before.
    pub fn stored(project: &Project) -> Option<Self> {
        let text = fs::read(project.state.join(FILE)).ok()?;
        serde_json::from_slice(&text).ok().filter(|speed: &Self| speed.version == mix::VERSION)
    }

    /// What a function's share is multiplied by to get as much done here as on a processor of Lambda's.
    ///
    /// # Errors
    /// If there is no reference for the architecture.
    pub fn scale(&self, architecture: &str) -> Result<f64> {
        Ok(self.seconds / reference(architecture)?)
    }

    /// Both times, for people.
    ///
    /// # Errors
    /// As [`Self::scale`].
    pub fn describe(&self, architecture: &str) -> Result<String> {
        let (here, there) = (self.seconds, reference(architecture)?);
        Ok(format!(
            "a mix of work takes {here:.2} s of CPU time here, {there:.2} s on Lambda's {architecture}"
        ))
    }
}

/// How long Lambda's processor takes for the mix, s.
fn reference(architecture: &str) -> Result<f64> {
    let all: BTreeMap<String, f64> = toml::from_str(REFERENCE).context("cannot read the reference")?;
    all.get(architecture).copied().with_context(|| format!("there is no reference for {architecture}"))
}

/// The processor's model, as the kernel names it: `model name` on `x86_64`, `CPU part` on arm64.
fn model() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let is_model = |line: &&str| line.starts_with("model name") || line.starts_with("CPU part");
    let line = text.lines().find(is_model).and_then(|line| line.split_once(':'));
    line.map_or_else(|| "unknown".to_owned(), |(_, model)| model.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_half_as_fast_gives_twice_the_share() {
        let speed = |seconds| Speed { version: mix::VERSION, model: "x".to_owned(), seconds };
        let (fast, slow) = (speed(0.3).scale("arm64").unwrap(), speed(0.6).scale("arm64").unwrap());
        assert!((slow / fast - 2.0).abs() < 1e-9);
        assert!(speed(1.0).scale("riscv64").is_err());
    }

    #[test]
    fn what_is_measured_is_kept_for_this_machine_and_version() {
        let root = tempfile::tempdir().unwrap();
        let project = Project { root: root.path().to_owned(), state: root.path().join(".lambench") };
        assert_eq!(Speed::stored(&project), None);
        let measured = Speed::of_this_machine(&project).unwrap();
        assert_eq!(Speed::stored(&project), Some(measured.clone()));
        let other = Speed { model: "another".to_owned(), ..measured.clone() };
        fs::write(project.state.join(FILE), serde_json::to_vec(&other).unwrap()).unwrap();
        assert_eq!(Speed::of_this_machine(&project).unwrap().model, measured.model);
        let old = Speed { version: 0, ..measured };
        fs::write(project.state.join(FILE), serde_json::to_vec(&old).unwrap()).unwrap();
        assert_eq!(Speed::stored(&project), None);
    }
}
