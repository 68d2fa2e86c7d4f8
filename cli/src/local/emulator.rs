//! The emulator: our launcher in the Python environment of the checkout.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::part::Part;
use super::process::{self, Process};
use super::{binaries, certificates, ports, postgres, s3};
use crate::project::Project;

/// Unless `AWS_REGION` says otherwise.
const DEFAULT_REGION: &str = "us-east-1";

/// Access key and secret key of the emulator's account; it is the only one that knows them.
pub const CREDENTIALS: &str = "test";

/// In the environment of the emulator and so of every function: tells whose they are.
const MARK: &str = "LAMBENCH_CHECKOUT";

/// The region of everything in the local environment.
pub fn region() -> String {
    env::var("AWS_REGION").unwrap_or_else(|_| DEFAULT_REGION.to_owned())
}

/// Whether everything is installed that `spawn` needs.
///
/// # Errors
///
/// When something is missing; the message says what to do.
pub fn check(project: &Project) -> Result<()> {
    for file in [python(project), launcher(project)] {
        if !file.exists() {
            bail!("the emulator needs '{}', which is missing: run `make setup`", file.display());
        }
    }
    Ok(())
}

fn python(project: &Project) -> PathBuf {
    project.venv().join("bin/python")
}

fn launcher(project: &Project) -> PathBuf {
    project.root.join("local/emulator/launcher.py")
}

/// Where it listens.
///
/// # Errors
///
/// When it does not run.
pub fn address(project: &Project) -> Result<String> {
    let port = ports::remembered(project, Part::Emulator.id());
    let Some(port) = port.filter(|_| Process::running(project, Part::Emulator).is_some()) else {
        bail!("the local environment is not running: start it with `lambench local start`");
    };
    Ok(Part::Emulator.address(port))
}

/// Where the S3 model asks an emulator for the secret of a function's access key.
pub fn credentials_url(emulator: &str) -> String {
    format!("{emulator}/_lambench/credentials")
}

/// Start the launcher; it is not ready yet.
///
/// # Errors
///
/// When the Python environment cannot be run.
pub fn spawn(project: &Project, port: u16) -> Result<Process> {
    let python = python(project);
    end_workers(project);
    // The code of functions, unpacked by an emulator that has ended.
    let temporary = project.state.join("emulator/tmp");
    if temporary.exists() {
        fs::remove_dir_all(&temporary).with_context(|| format!("cannot remove '{}'", temporary.display()))?;
    }
    let log = Part::Emulator.new_log(project)?;
    let child = Command::new(&python)
        .arg(launcher(project))
        .current_dir(project.folder("emulator")?)
        .env_clear()
        .envs(environment(project, port)?)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot run '{}': run `make setup` again", python.display()))?;
    Process::of(child.id().cast_signed())
}

/// End functions that outlived their emulator.
pub fn end_workers(project: &Project) {
    process::kill_marked(&format!("{MARK}={}", project.root.display()));
}

/// Whether it answers requests. Only our launcher knows this path: another server on the port is no emulator of ours.
pub fn is_ready(port: u16) -> bool {
    process::answers(&format!("{}/_lambench/requests", Part::Emulator.address(port)))
}

/// A clean environment: what is in the caller's would be in every function's.
fn environment(project: &Project, port: u16) -> Result<Vec<(&'static str, String)>> {
    let folder = |name: &str| -> Result<String> {
        let folder = project.folder(&format!("emulator/{name}"))?;
        folder.into_os_string().into_string().ok().context("the path of the checkout is not valid UTF-8")
    };
    let text = str::to_owned;
    let postgres = ports::remembered(project, Part::Postgres.id()).context("PostgreSQL has no port yet")?;
    let file = |path: PathBuf| path.display().to_string();
    let mut variables = vec![
        ("PATH", search_path(&project.venv())),
        ("HOME", folder("home")?),
        ("TMPDIR", folder("tmp")?),
        ("LANG", text("C.UTF-8")),
        (MARK, project.root.display().to_string()),
        ("PYTHONDONTWRITEBYTECODE", text("1")),
        ("GATEWAY_PORT", port.to_string()),
        ("BIND_HOST", text("127.0.0.1")),
        ("AWS_ENDPOINT_URL", Part::Emulator.address(port)),
        ("MINISTACK_REGION", region()),
        ("AUTH", text("true")),
        ("IOT_MTLS_ENABLED", text("0")),
        ("LOG_LEVEL", text("WARNING")),
        ("PERSIST_STATE", text("1")),
        ("STATE_DIR", folder("state")?),
        ("S3_PERSIST", text("1")),
        ("S3_DATA_DIR", folder("s3")?),
        // The launcher takes these out of its environment, which every function inherits.
        ("LAMBENCH_POSTGRES_PORT", postgres.to_string()),
        ("LAMBENCH_POSTGRES_USER", text(postgres::USER)),
        ("LAMBENCH_POSTGRES_PASSWORD_FILE", file(postgres::password_file(project))),
        ("LAMBENCH_POSTGRES_CA_FILE", file(certificates::authority_file(project))),
    ];
    if let Some(to) = s3::addresses(project) {
        variables.extend([("AWS_ENDPOINT_URL_S3", to.s3), ("LAMBENCH_S3_ADMIN", to.admin)]);
    }
    Ok(variables)
}

/// Python functions find the environment's packages, node functions the caller's node.
fn search_path(venv: &Path) -> String {
    let mut folders = vec![venv.join("bin").display().to_string()];
    let node = env::var_os("PATH").and_then(|path| binaries::find("node", &path));
    folders.extend(node.as_deref().and_then(Path::parent).map(|folder| folder.display().to_string()));
    folders.extend(["/usr/local/bin", "/usr/bin", "/bin"].map(str::to_owned));
    folders.join(":")
}
