//! PostgreSQL: the programs of this machine, with a database of this checkout.

mod account;
mod installation;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process::Process;
use super::{certificates, secret};
use crate::project::Project;
use account::Account;
use installation::Installation;

/// The superuser of the server; its password is in `password_file`.
pub const USER: &str = "postgres";
/// TCP from this machine only, and no socket file, for which two checkouts could compete. TLS for all. Connections for
/// 100 workers, the Data API's pool and the user. On the command line, they apply to a database that an earlier version
/// has created too.
const SETTINGS: &str =
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c ssl=on -c max_connections=300";
const ACCESS: &str = "# Written by `lambench local start`.\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

const KILLED_SERVER_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// Starts the server, and waits until it accepts connections.
///
/// # Errors
///
/// When PostgreSQL is not installed, or does not start; the message names the log.
pub fn spawn(project: &Project, port: u16) -> Result<Process> {
    let installation = Installation::find()?;
    let account = Account::of_server()?;
    let folder = prepare_folder(project, account)?;
    let data = folder.join("data");
    if !data.exists() {
        create(project, &installation, account, &folder)?;
    }
    installation.check_version(&data)?;
    if !password_file(project).exists() {
        bail!(
            "'{}', the password of the database in '{}', is missing: put it back, \
             or delete that folder to start with an empty database",
            password_file(project).display(),
            folder.display()
        );
    }
    copy_certificate(project, &data, account)?;
    let access = data.join("pg_hba.conf");
    fs::write(&access, ACCESS).with_context(|| format!("cannot write '{}'", access.display()))?;
    Account::own(account, &access)?;
    let mut start = installation.command("pg_ctl", account, &folder);
    start
        .args(["start", "--wait", "--silent", "--timeout=60", "--options"])
        .arg(format!("-p {port} {SETTINGS}"))
        .arg("--pgdata")
        .arg(&data)
        .arg("--log")
        .arg(folder.join("postgres.log"));
    launch(&mut start, &data)?;
    let pid_file = data.join("postmaster.pid");
    let text = fs::read_to_string(&pid_file)
        .with_context(|| format!("PostgreSQL exited after starting: no '{}'", pid_file.display()))?;
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    Process::of(pid.with_context(|| format!("no process id in '{}'", pid_file.display()))?)
}

fn launch(start: &mut Command, data: &Path) -> Result<()> {
    // A server that was killed has left the file. Its child processes keep a new server out until they notice and end.
    let was_killed = data.join("postmaster.pid").exists();
    let deadline = Instant::now() + if was_killed { KILLED_SERVER_TIMEOUT } else { Duration::ZERO };
    loop {
        let output = start.output().context("cannot run pg_ctl")?;
        if output.status.success() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("PostgreSQL did not start: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        thread::sleep(POLL);
    }
}

/// The server takes no key that another account owns or can read.
fn copy_certificate(project: &Project, data: &Path, account: Option<Account>) -> Result<()> {
    let from = certificates::server_files(project);
    for (source, name) in [(from.key, "server.key"), (from.certificate, "server.crt")] {
        let target = data.join(name);
        let pem =
            fs::read_to_string(&source).with_context(|| format!("cannot read '{}'", source.display()))?;
        secret::write(&target, &pem)?;
        Account::own(account, &target)?;
    }
    Ok(())
}

/// The file with the superuser's password, for its owner only.
pub fn password_file(project: &Project) -> PathBuf {
    project.state.join("postgres-password")
}

/// Its folder, created if needed: in the checkout, or linked from there where the server's account, which is not
/// the caller's, cannot enter the checkout.
fn prepare_folder(project: &Project, account: Option<Account>) -> Result<PathBuf> {
    let link = project.state.join("postgres");
    if let Ok(folder) = link.canonicalize() {
        return Ok(folder);
    }
    if account.is_none() || project.root.ancestors().all(is_open_to_all) {
        return project.folder("postgres");
    }
    let outside = PathBuf::from(format!("/var/tmp/lambench-{}", secret::random_hex()?));
    fs::create_dir(&outside).with_context(|| format!("cannot create '{}'", outside.display()))?;
    if link.is_symlink() {
        fs::remove_file(&link).with_context(|| format!("cannot remove '{}'", link.display()))?;
    }
    symlink(&outside, &link).with_context(|| format!("cannot create '{}'", link.display()))?;
    Ok(outside)
}

fn is_open_to_all(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0)
}

fn create(
    project: &Project,
    installation: &Installation,
    account: Option<Account>,
    folder: &Path,
) -> Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    // Only a finished database gets the name `data`: initdb refuses a folder that an interrupted one has left.
    let unfinished = folder.join("data.new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)
            .with_context(|| format!("cannot remove '{}'", unfinished.display()))?;
    }
    let password = secret::random_hex()?;
    let for_server = folder.join("password");
    secret::write(&for_server, &password)?;
    secret::write(&password_file(project), &password)?;
    for path in [folder, &for_server] {
        Account::own(account, path)?;
    }
    let output = installation
        .command("initdb", account, folder)
        .args(["--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--pgdata"])
        .arg(&unfinished)
        .arg("--pwfile")
        .arg(&for_server)
        .output()
        .context("cannot run initdb")?;
    fs::remove_file(&for_server).with_context(|| format!("cannot remove '{}'", for_server.display()))?;
    if !output.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    fs::rename(&unfinished, folder.join("data")).context("cannot move the new database into place")
}
