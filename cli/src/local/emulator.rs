//! The emulator: our launcher in the Python environment of the checkout.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::choice::Choice;
use super::cpu_mode::CpuMode;
use super::process::{self, Process};
use super::service::Service;
use super::{aws, certificates, executable, http, postgres, s3_model, trust};
use crate::project::Project;

/// In the environment of the emulator and of its functions: which checkout they belong to.
const MARK: &str = "LAMBENCH_CHECKOUT";

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

/// Its address.
///
/// # Errors
///
/// When it does not run.
pub fn address(project: &Project) -> Result<String> {
    let port = Service::Emulator.port(project);
    let Some(port) = port.filter(|_| Service::Emulator.process(project).is_some()) else {
        bail!("the local environment is not running: start it with `lambench local start`");
    };
    Ok(Service::Emulator.address(project, port))
}

/// Starts the launcher, and does not wait until it is ready.
///
/// # Errors
///
/// When the Python environment cannot be run.
pub fn spawn(project: &Project, port: u16) -> Result<Process> {
    let python = python(project);
    end_workers(project);
    // Where an emulator that has ended had unpacked the code of functions.
    let temporary = project.state.join("emulator/tmp");
    if temporary.exists() {
        fs::remove_dir_all(&temporary).with_context(|| format!("cannot remove '{}'", temporary.display()))?;
    }
    let log = Service::Emulator.create_log(project)?;
    let mode = CpuMode::chosen(project).unwrap_or(CpuMode::Share);
    let child = mode
        .command(&python)
        .arg(launcher(project))
        .current_dir(project.folder("emulator")?)
        .envs(environment(project, port)?)
        .envs(mode.variables(project)?)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot run '{}': run `make setup` again", python.display()))?;
    Process::of(child.id().cast_signed())
}

/// Kills functions that have outlived their emulator.
pub fn end_workers(project: &Project) {
    process::kill_marked(&format!("{MARK}={}", project.root.display()));
}

/// Whether it responds. Only our launcher serves this path, so another server on the port is not mistaken for it.
pub fn is_ready(project: &Project, port: u16) -> bool {
    http::responds(&format!("{}/_lambench/requests", Service::Emulator.address(project, port)))
}

/// A clean environment: every function would inherit the variables of the caller.
fn environment(project: &Project, port: u16) -> Result<Vec<(&'static str, String)>> {
    let folder = |name: &str| -> Result<String> {
        let folder = project.folder(&format!("emulator/{name}"))?;
        folder.into_os_string().into_string().ok().context("the path of the checkout is not valid UTF-8")
    };
    let text = str::to_owned;
    let postgres = Service::Postgres.port(project).context("PostgreSQL has no port yet")?;
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
        ("AWS_ENDPOINT_URL", Service::Emulator.address(project, port)),
        ("MINISTACK_REGION", aws::region()),
        ("AUTH", text("true")),
        ("IOT_MTLS_ENABLED", text("0")),
        ("LOG_LEVEL", text("WARNING")),
        ("PERSIST_STATE", text("1")),
        ("STATE_DIR", folder("state")?),
        ("S3_PERSIST", text("1")),
        ("S3_DATA_DIR", folder("s3")?),
        // The launcher removes these from its environment, which every function inherits.
        ("LAMBENCH_POSTGRES_PORT", postgres.to_string()),
        ("LAMBENCH_POSTGRES_USER", text(postgres::USER)),
        ("LAMBENCH_POSTGRES_PASSWORD_FILE", file(postgres::password_file(project))),
        ("LAMBENCH_POSTGRES_CA_FILE", file(certificates::authority_file(project))),
    ];
    if let Some(to) = s3_model::addresses(project) {
        variables.extend([("AWS_ENDPOINT_URL_S3", to.s3), ("LAMBENCH_S3_ADMIN", to.admin)]);
        variables.extend(trust::of_functions(project)?);
    }
    Ok(variables)
}

/// Python functions find the environment's packages, node functions the caller's node.
fn search_path(venv: &Path) -> String {
    let mut folders = vec![venv.join("bin").display().to_string()];
    let node = env::var_os("PATH").and_then(|path| executable::find("node", &path));
    folders.extend(node.as_deref().and_then(Path::parent).map(|folder| folder.display().to_string()));
    folders.extend(["/usr/local/bin", "/usr/bin", "/bin"].map(str::to_owned));
    folders.join(":")
}
