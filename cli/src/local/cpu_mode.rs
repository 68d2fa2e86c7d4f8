//! How much of a processor functions get: the choice of `lambench local start --cpu`.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use clap::ValueEnum;
use results::cpu::CpuLimit;

use super::choice::Choice;
use super::executable;
use super::processor::{ON_AWS, Speed};
use crate::project::Project;

const PACER: &str = "bin/lambench-cpu-pacer";
/// What the launcher multiplies shares by.
const SCALE: &str = "LAMBENCH_CPU_SCALE";
/// Where a user's systemd is found.
const SESSION: [&str; 2] = ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];

/// How much of a processor functions get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CpuMode {
    /// As on Lambda: 1,769 MB of memory buy one vCPU, more or less memory in proportion
    Share,
    /// Every function has all processors of this machine
    Off,
}

impl Choice for CpuMode {
    const FILE: &str = "cpu-mode";
}

impl CpuMode {
    /// The launcher's settings; measures this machine's speed if nobody has yet.
    ///
    /// # Errors
    ///
    /// When the speed cannot be measured.
    pub fn variables(self, project: &Project) -> Result<Vec<(&'static str, String)>> {
        let mut variables = vec![("LAMBENCH_CPU", self.name())];
        let pacer = project.state.join(PACER);
        if pacer.exists() {
            variables.push(("LAMBENCH_CPU_PACER", pacer.display().to_string()));
        }
        if self == Self::Share {
            let scale = Speed::of_this_machine(project)?.scale(ON_AWS)?;
            variables.push((SCALE, scale.to_string()));
        }
        Ok(variables)
    }

    /// The command that runs a program, in a control group that it may divide if systemd gives it one.
    pub fn command(self, program: &Path) -> Command {
        let systemd = (self == Self::Share).then(systemd_scope).flatten();
        let Some((systemd_run, arguments)) = systemd else {
            let mut command = Command::new(program);
            command.env_clear();
            return command;
        };
        let mut command = Command::new(systemd_run);
        command.args(arguments).arg(program).env_clear();
        command.envs(SESSION.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.env("LAMBENCH_CPU_SCOPE", "systemd scope");
        command
    }
}

/// `systemd-run` with what makes it run a program in a scope of its own; none where it cannot.
fn systemd_scope() -> Option<(PathBuf, Vec<&'static str>)> {
    let program = executable::find("systemd-run", &env::var_os("PATH")?)?;
    let mut arguments = vec!["--scope", "--quiet", "--collect", "--property=Delegate=yes"];
    if !rustix::process::geteuid().is_root() {
        arguments.push("--user");
    }
    let tried = Command::new(&program)
        .args(&arguments)
        .arg("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.ok()?.success().then_some((program, arguments))
}

/// What holds functions to their share, why nothing better does, and what this machine can give at most.
pub fn describe(limit: &CpuLimit) -> String {
    let mut text = match limit.mechanism.as_str() {
        "off" => "processors: off, every function has all of them".to_owned(),
        mechanism if (limit.scale - 1.0).abs() < f64::EPSILON => {
            format!("processors: shared by {mechanism}, a function gets memory/1,769 MB of one")
        }
        mechanism => {
            let scale = limit.scale;
            format!("processors: shared by {mechanism}, a function gets memory/1,769 MB × {scale:.2} of one")
        }
    };
    if limit.mechanism != "off" {
        let (processors, memory) = (limit.processors, limit.max_memory_mb);
        let _ = write!(
            text,
            "\n  this machine has {processors}: more than {memory} MB of memory brings no more CPU"
        );
    }
    for refusal in &limit.refusals {
        let _ = write!(text, "\n  cannot use {refusal}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(mechanism: &str, scale: f64) -> CpuLimit {
        let refusals = vec!["cgroup v2: Permission denied: '/sys/fs/cgroup'".to_owned()];
        CpuLimit { mechanism: mechanism.to_owned(), refusals, scale, processors: 2, max_memory_mb: 3538 }
    }

    #[test]
    fn the_choice_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project { root: folder.path().to_owned(), state: folder.path().join(".lambench") };
        assert_eq!(CpuMode::chosen(&project), None);
        CpuMode::Off.remember(&project).unwrap();
        assert_eq!(CpuMode::chosen(&project), Some(CpuMode::Off));
    }

    #[test]
    fn the_mechanism_is_named_with_why_it_is_no_better_one() {
        insta::assert_snapshot!(describe(&limit("pacer", 1.0)), @r"
        processors: shared by pacer, a function gets memory/1,769 MB of one
          this machine has 2: more than 3538 MB of memory brings no more CPU
          cannot use cgroup v2: Permission denied: '/sys/fs/cgroup'
        ");
        assert!(describe(&limit("cgroup v1", 1.23)).contains("memory/1,769 MB × 1.23 of one"));
        assert!(
            describe(&limit("off", 1.0)).starts_with("processors: off, every function has all of them\n")
        );
    }
}
