//! PostgreSQL as it is installed on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::account::Account;
use crate::local::executable;

/// A folder with PostgreSQL's programs.
pub struct Installation {
    programs: PathBuf,
}

impl Installation {
    /// `PG_BIN`, else the PATH, else the newest version in Debian's folders.
    ///
    /// # Errors
    ///
    /// When there is none; the message says how to install it.
    pub fn find() -> Result<Self> {
        if let Some(programs) = env::var_os("PG_BIN").map(PathBuf::from) {
            if is_server(&programs) {
                return Ok(Self { programs });
            }
            bail!("PG_BIN is '{}', but initdb, pg_ctl and postgres are not all in it", programs.display());
        }
        let on_path = env::var_os("PATH")
            .and_then(|path| executable::find("pg_ctl", &path))
            .and_then(|file| file.canonicalize().ok()?.parent().map(Path::to_owned));
        let programs = on_path.filter(|folder| is_server(folder)).or_else(newest_of_debian).context(
            "PostgreSQL is not installed: run `sudo apt-get install postgresql-15`, \
             or set PG_BIN to the folder of its programs",
        )?;
        Ok(Self { programs })
    }

    /// A command that runs one of the programs in a folder, with nothing of the caller's environment.
    pub fn command(&self, name: &str, account: Option<Account>, folder: &Path) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null());
        if let Some(account) = account {
            account.run(&mut command);
        }
        command
    }

    /// Refuses the data of another major version, which the server itself does in its log only.
    ///
    /// # Errors
    ///
    /// When the versions differ, or one cannot be read.
    pub fn check_version(&self, data: &Path) -> Result<()> {
        let of_data =
            fs::read_to_string(data.join("PG_VERSION")).context("cannot read the database's version")?;
        let of_data = of_data.trim();
        let output = Command::new(self.programs.join("postgres")).arg("--version").output();
        let printed = String::from_utf8_lossy(&output.context("cannot run postgres")?.stdout).into_owned();
        let version = printed.split_whitespace().nth(2);
        let major = version.and_then(|version| version.split('.').next()).unwrap_or_default();
        if major != of_data {
            bail!(
                "the database in '{}' belongs to PostgreSQL {of_data}, but version {major} is installed: set PG_BIN \
                 to the folder of version {of_data}, or delete that folder to start with an empty database",
                data.display(),
            );
        }
        Ok(())
    }
}

fn is_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| executable::is_executable(&folder.join(name)))
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
