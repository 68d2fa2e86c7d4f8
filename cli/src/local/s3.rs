//! S3 of the local environment: the model, a process of its own, or the emulator's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::part::Part;
use super::process::{self, Process};
use super::{emulator, ports};
use crate::project::Project;

/// The name under which the port of the model's admin endpoint is remembered.
const ADMIN: &str = "s3-admin";
const PROGRAM: &str = "bin/lambench-s3-model";
const CHOICE: &str = "s3-server";

/// Who answers S3's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum S3 {
    /// A model of S3's rules, latency, bandwidth and request rates; it doesn't check IAM policies
    Model,
    /// The emulator: it checks IAM policies, and takes no time that S3 would take
    Emulator,
}

/// Where the model listens.
pub struct Addresses {
    /// S3.
    pub s3: String,
    /// Counters, faults, profile.
    pub admin: String,
}

impl S3 {
    /// The one that the environment was last started with.
    pub fn chosen(project: &Project) -> Option<Self> {
        let name = fs::read_to_string(project.state.join(CHOICE)).ok()?;
        Self::from_str(name.trim(), false).ok()
    }

    /// Keeps the choice for the other commands.
    ///
    /// # Errors
    ///
    /// When the environment runs with the other one, whose buckets are its own, or the file cannot be written.
    pub fn choose(self, project: &Project) -> Result<()> {
        let other = Self::chosen(project).filter(|chosen| *chosen != self);
        if let Some(other) = other.filter(|_| Process::running(project, Part::Emulator).is_some()) {
            bail!(
                "the local environment runs with S3 of the {}: end it first with `lambench local stop`",
                other.name()
            );
        }
        let file = project.folder("")?.join(CHOICE);
        fs::write(&file, self.name()).with_context(|| format!("cannot write '{}'", file.display()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Emulator => "emulator",
        }
    }
}

/// Where the model of this checkout listens; none with the emulator's S3, or before the first start.
pub fn addresses(project: &Project) -> Option<Addresses> {
    S3::chosen(project).filter(|chosen| *chosen == S3::Model)?;
    let address = |name| Some(Part::S3.address(ports::remembered(project, name)?));
    Some(Addresses { s3: address(Part::S3.id())?, admin: address(ADMIN)? })
}

/// Whether the model is built.
///
/// # Errors
///
/// When it is not; the message says what to do.
pub fn check(project: &Project) -> Result<()> {
    let program = program(project);
    if !program.exists() {
        bail!("the S3 model '{}' is missing: run `make cli FOR=local`", program.display());
    }
    Ok(())
}

fn program(project: &Project) -> PathBuf {
    project.state.join(PROGRAM)
}

/// The command that runs a model with its objects in `data`, for S3 and its admin endpoint on two ports. It asks an emulator for
/// the keys of functions.
pub fn command(project: &Project, ports: [u16; 2], data: &Path, emulator: &str) -> Command {
    let [port, admin] = ports.map(|port| port.to_string());
    let mut command = Command::new(program(project));
    command
        .args(["--port", &port, "--admin-port", &admin, "--data"])
        .arg(data)
        .args(["--credentials-url", &emulator::credentials_url(emulator)])
        .args(["--access-key", emulator::CREDENTIALS, "--secret-key", emulator::CREDENTIALS])
        .env_clear()
        .current_dir(&project.root)
        .stdin(Stdio::null());
    command
}

/// Start the model; it is not ready yet.
///
/// # Errors
///
/// When it cannot be run, or has no ports.
pub fn spawn(project: &Project, port: u16) -> Result<Process> {
    let admin = ports::claim(project, ADMIN)?;
    // The emulator may start later: it is asked only when a function signs its first request.
    let emulator = match ports::remembered(project, Part::Emulator.id()) {
        Some(port) => port,
        None => ports::claim(project, Part::Emulator.id())?,
    };
    let log = Part::S3.new_log(project)?;
    let child = command(project, [port, admin], &project.folder("s3")?, &Part::Emulator.address(emulator))
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| {
            format!("cannot run '{}': run `make cli FOR=local` again", program(project).display())
        })?;
    Process::of(child.id().cast_signed())
}

/// Whether the model answers.
pub fn is_ready(project: &Project) -> bool {
    addresses(project).is_some_and(|to| process::answers(&format!("{}/health", to.admin)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn project(root: &Path) -> Project {
        Project { root: root.to_owned(), state: root.join(".lambench") }
    }

    #[test]
    fn the_choice_is_kept_and_the_emulators_s3_has_no_address_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        assert_eq!(S3::chosen(&project), None);
        for s3 in [S3::Emulator, S3::Model] {
            s3.choose(&project).unwrap();
            ports::claim(&project, Part::S3.id()).unwrap();
            ports::claim(&project, ADMIN).unwrap();
            assert_eq!(S3::chosen(&project), Some(s3));
            assert_eq!(addresses(&project).is_some(), s3 == S3::Model);
        }
    }
}
