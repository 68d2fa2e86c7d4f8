//! The S3 model, `crates/s3-model`, as a process of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::choice::Choice;
use super::process::Process;
use super::s3_backend::S3Backend;
use super::s3_tls::S3Tls;
use super::service::Service;
use super::{aws, certificates, http, ports};
use crate::project::Project;

/// The name under which the port of the model's admin endpoint is remembered.
const ADMIN: &str = "s3-admin";
const PROGRAM: &str = "bin/lambench-s3-model";
/// Where an emulator tells the secret of a function's access key.
const CREDENTIALS_PATH: &str = "/_lambench/credentials";

/// Where the model listens.
pub struct Addresses {
    /// S3.
    pub s3: String,
    /// Counters, faults, profile.
    pub admin: String,
}

/// Where the model of this checkout listens; nowhere with the emulator's S3 and before the first start.
pub fn addresses(project: &Project) -> Option<Addresses> {
    S3Backend::chosen(project).filter(|chosen| *chosen == S3Backend::Model)?;
    Some(Addresses {
        s3: Service::S3.address(project, Service::S3.port(project)?),
        admin: format!("http://127.0.0.1:{}", ports::remembered(project, ADMIN)?),
    })
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

/// The command that runs a model with its objects in `data`, for S3 and its admin endpoint on two ports. It asks the
/// emulator at this address for the access keys of functions.
pub fn command(project: &Project, ports: [u16; 2], data: &Path, emulator: &str) -> Command {
    let [port, admin] = ports.map(|port| port.to_string());
    let mut command = Command::new(program(project));
    command
        .args(["--port", &port, "--admin-port", &admin, "--data"])
        .arg(data)
        .args(["--credentials-url", &format!("{emulator}{CREDENTIALS_PATH}")])
        .args(["--access-key", aws::CREDENTIALS, "--secret-key", aws::CREDENTIALS])
        .env_clear()
        .current_dir(&project.root)
        .stdin(Stdio::null());
    command
}

/// Starts the model, and does not wait until it is ready.
///
/// # Errors
///
/// When it cannot be run, or has no ports.
pub fn spawn(project: &Project, port: u16) -> Result<Process> {
    let admin = ports::claim(project, ADMIN)?;
    // The emulator may start later: it is asked only when a function signs its first request.
    let emulator = match Service::Emulator.port(project) {
        Some(port) => port,
        None => Service::Emulator.claim_port(project)?,
    };
    let log = Service::S3.create_log(project)?;
    let emulator = Service::Emulator.address(project, emulator);
    let child = command(project, [port, admin], &project.folder("s3")?, &emulator)
        .args(tls(project))
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| {
            format!("cannot run '{}': run `make cli FOR=local` again", program(project).display())
        })?;
    Process::of(child.id().cast_signed())
}

/// The options that give the model its certificate, if it is to speak TLS.
fn tls(project: &Project) -> Vec<OsString> {
    let files = certificates::server_files(project);
    match S3Tls::chosen(project) {
        Some(S3Tls::On) => {
            vec!["--tls-certificate".into(), files.certificate.into(), "--tls-key".into(), files.key.into()]
        }
        Some(S3Tls::Off) | None => Vec::new(),
    }
}

/// Whether the model responds.
pub fn is_ready(project: &Project) -> bool {
    addresses(project).is_some_and(|to| http::responds(&format!("{}/health", to.admin)))
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
        assert_eq!(S3Backend::chosen(&project), None);
        for backend in [S3Backend::Emulator, S3Backend::Model] {
            backend.remember(&project).unwrap();
            Service::S3.claim_port(&project).unwrap();
            ports::claim(&project, ADMIN).unwrap();
            assert_eq!(S3Backend::chosen(&project), Some(backend));
            assert_eq!(addresses(&project).is_some(), backend == S3Backend::Model);
        }
    }

    #[test]
    fn the_address_says_whether_s3_has_tls() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        S3Backend::Model.remember(&project).unwrap();
        Service::S3.claim_port(&project).unwrap();
        ports::claim(&project, ADMIN).unwrap();
        let scheme = || addresses(&project).unwrap().s3.split_once("://").unwrap().0.to_owned();
        assert_eq!(
            (scheme(), tls(&project).len()),
            ("http".to_owned(), 0),
            "an environment of an earlier version"
        );
        S3Tls::On.remember(&project).unwrap();
        assert_eq!((scheme(), tls(&project).len()), ("https".to_owned(), 4));
        assert!(addresses(&project).unwrap().admin.starts_with("http://"));
    }
}
