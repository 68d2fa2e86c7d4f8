//! The account that the server runs as: initdb and PostgreSQL refuse to run as root.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// An account other than the caller's.
#[derive(Clone, Copy)]
pub struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account that the server needs; none where it runs as the caller.
    ///
    /// # Errors
    ///
    /// When the caller is root, and the machine has no suitable account.
    pub fn of_server() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let named = |name: &str| users.lines().find_map(|line| Self::parse(line, name));
        let account = named("postgres").or_else(|| named("nobody"));
        account
            .map(Some)
            .context("PostgreSQL refuses to run as root, and there is no user postgres or nobody: create one")
    }

    /// Gives a file or folder to the server, if it has an account of its own.
    ///
    /// # Errors
    ///
    /// When the owner cannot be changed.
    pub fn own(account: Option<Self>, path: &Path) -> Result<()> {
        account.map_or(Ok(()), |account| chown(path, Some(account.uid), Some(account.gid))).with_context(
            || format!("cannot change the owner of '{}' to the server's account", path.display()),
        )
    }

    /// Makes a program run as the account.
    pub fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Reads a line of `/etc/passwd`, if it is about the user of this name.
    fn parse(line: &str, name: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let account = || Some(Self { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? });
        (fields.first() == Some(&name)).then(account)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let line = "postgres:x:107:114:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        let account = Account::parse(line, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (107, 114));
        assert!(Account::parse(line, "post").is_none());
    }
}
