//! Files that one command at a time may lock.

use std::fs::{File, OpenOptions};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};

use crate::project::Project;

/// Held while services start or stop: two commands at the same time would start two emulators.
const SERVICES: &str = "lock";

/// Waits until no other command starts or stops services; none does until the returned file is dropped.
///
/// # Errors
///
/// When the file cannot be created or locked.
pub fn services(project: &Project) -> Result<File> {
    let file = open(project, SERVICES)?;
    flock(&file, FlockOperation::LockExclusive).with_context(|| format!("cannot lock '{SERVICES}'"))?;
    Ok(file)
}

/// Holds a lock until the returned file is dropped.
///
/// # Errors
///
/// When another `command` holds it, or the file cannot be created.
pub fn claim(project: &Project, name: &str, command: &str) -> Result<File> {
    let file = open(project, name)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => bail!("another `{command}` is running in this checkout: wait for it, or stop it"),
    }
}

fn open(project: &Project, name: &str) -> Result<File> {
    let path = project.folder("")?.join(name);
    let options = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    options.with_context(|| format!("cannot write '{}'", path.display()))
}
