//! The PostgreSQL of this machine, with a database folder of this checkout.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process::Process;
use super::{binaries, certificates};
use crate::project::Project;

/// The superuser of the server; its password is in `password_file`.
pub const USER: &str = "postgres";
/// Only TCP, only this machine; no socket file that two checkouts could fight for. TLS for all. Connections for 100
/// workers, the Data API's pool and the user. On the command line, so that a database made by an earlier version has
/// them, too.
const SETTINGS: &str =
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c ssl=on -c max_connections=300";
const ACCESS: &str = "# Written by `lambench local start`.\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

const LEFTOVER_DEADLINE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// Who the server runs as where it may not run as the caller, root.
#[derive(Clone, Copy)]
pub struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Give a file or folder to the server, if it runs as somebody else.
    ///
    /// # Errors
    ///
    /// When the owner cannot be changed.
    pub fn own(account: Option<Self>, path: &Path) -> Result<()> {
        account
            .map_or(Ok(()), |account| chown(path, Some(account.uid), Some(account.gid)))
            .with_context(|| format!("cannot give '{}' to the server's account", path.display()))
    }
}

/// Start the server and wait until it accepts connections.
///
/// # Errors
///
/// When PostgreSQL is not installed, or does not start; the message names the log.
pub fn spawn(project: &Project, port: u16) -> Result<Process> {
    let binaries = binaries_folder()?;
    let account = account()?;
    let folder = prepare_folder(project, account)?;
    let data = folder.join("data");
    if !data.exists() {
        create(project, &binaries, account, &folder)?;
    }
    check_version(&binaries, &data)?;
    if !password_file(project).exists() {
        bail!(
            "'{}', the password of the database in '{}', is missing: put it back, \
             or delete that folder to begin with an empty database",
            password_file(project).display(),
            folder.display()
        );
    }
    certificates::ensure(project, &data, account)?;
    let access = data.join("pg_hba.conf");
    fs::write(&access, ACCESS).with_context(|| format!("cannot write '{}'", access.display()))?;
    Account::own(account, &access)?;
    let mut start = command(&binaries, "pg_ctl", account, &folder);
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
        .with_context(|| format!("PostgreSQL has ended again: no '{}'", pid_file.display()))?;
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    Process::of(pid.with_context(|| format!("no process id in '{}'", pid_file.display()))?)
}

fn launch(start: &mut Command, data: &Path) -> Result<()> {
    // Left by a server that was killed: its other processes are there until they notice, and keep a new one out.
    let leftover = data.join("postmaster.pid").exists();
    let deadline = Instant::now() + if leftover { LEFTOVER_DEADLINE } else { Duration::ZERO };
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
    let outside = PathBuf::from(format!("/var/tmp/lambench-{}", random_hex()?));
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

fn create(project: &Project, binaries: &Path, account: Option<Account>, folder: &Path) -> Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    // Only a finished database gets the name `data`; what an interrupted initdb left would make it refuse.
    let unfinished = folder.join("data.new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)
            .with_context(|| format!("cannot remove '{}'", unfinished.display()))?;
    }
    let password = random_hex()?;
    let for_server = folder.join("password");
    write_secret(&for_server, &password)?;
    write_secret(&password_file(project), &password)?;
    for path in [folder, &for_server] {
        Account::own(account, path)?;
    }
    let output = command(binaries, "initdb", account, folder)
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
    fs::rename(&unfinished, folder.join("data")).context("cannot keep the new database")
}

fn command(binaries: &Path, name: &str, account: Option<Account>, folder: &Path) -> Command {
    let mut command = Command::new(binaries.join(name));
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null());
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// `PG_BIN`, else the PATH, else the newest one of Debian's folders.
fn binaries_folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("PG_BIN").map(PathBuf::from) {
        if is_server(&folder) {
            return Ok(folder);
        }
        bail!("PG_BIN is '{}', but there is no initdb, pg_ctl and postgres in it", folder.display());
    }
    let on_path = env::var_os("PATH")
        .and_then(|path| binaries::find("pg_ctl", &path))
        .and_then(|file| file.canonicalize().ok()?.parent().map(Path::to_owned));
    on_path.filter(|folder| is_server(folder)).or_else(newest_of_debian).context(
        "PostgreSQL is not installed: run `sudo apt-get install postgresql-15`, \
         or set PG_BIN to the folder of its programs",
    )
}

fn is_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| binaries::is_executable(&folder.join(name)))
}

fn newest_of_debian() -> Option<PathBuf> {
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| is_server(folder))
        .max()
        .map(|(_, folder)| folder)
}

/// A server refuses the files of another major version with a message that only its log has.
fn check_version(binaries: &Path, data: &Path) -> Result<()> {
    let files = fs::read_to_string(data.join("PG_VERSION")).context("cannot read the database's version")?;
    let output = Command::new(binaries.join("postgres")).arg("--version").output();
    let program = String::from_utf8_lossy(&output.context("cannot run postgres")?.stdout).into_owned();
    let major = program.split_whitespace().nth(2).and_then(|version| version.split('.').next()).unwrap_or("");
    if major != files.trim() {
        bail!(
            "the database in '{}' belongs to PostgreSQL {}, found is version {major}: \
             set PG_BIN to the folder of version {}, or delete that folder to begin with an empty database",
            data.display(),
            files.trim(),
            files.trim()
        );
    }
    Ok(())
}

/// initdb and the server refuse to run as root.
fn account() -> Result<Option<Account>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let named = |name: &str| users.lines().find_map(|line| account_of(line, name));
    let account = named("postgres").or_else(|| named("nobody"));
    account
        .map(Some)
        .context("PostgreSQL refuses to run as root, and there is neither user postgres nor nobody")
}

fn account_of(line: &str, name: &str) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let account = || Some(Account { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? });
    (fields.first() == Some(&name)).then(account)?
}

fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

/// Write a file that only its owner may read.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_secret(file: &Path, secret: &str) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut opened| opened.write_all(secret.as_bytes()))
        .with_context(|| format!("cannot write '{}'", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let line = "postgres:x:107:114:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        let account = account_of(line, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (107, 114));
        assert!(account_of(line, "post").is_none());
    }

    #[test]
    fn two_passwords_differ() {
        assert_ne!(random_hex().unwrap(), random_hex().unwrap());
    }
}
