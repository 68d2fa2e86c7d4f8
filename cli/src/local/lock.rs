//! Files that one command at a time may hold.

use std::fs::{File, OpenOptions};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};

use crate::project::Project;

/// Waits until no other command holds a lock, and holds it until the file is dropped.
///
/// # Errors
///
/// When the file can't be made or locked.
pub fn wait(project: &Project, name: &str) -> Result<File> {
    let file = open(project, name)?;
    flock(&file, FlockOperation::LockExclusive).with_context(|| format!("cannot lock '{name}'"))?;
    Ok(file)
}

/// Holds a lock until the file is dropped.
///
/// # Errors
///
/// When another command, whose name is `whose`, holds it, or the file can't be made.
pub fn claim(project: &Project, name: &str, whose: &str) -> Result<File> {
    let file = open(project, name)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => bail!("another `{whose}` runs in this checkout: wait for it, or end it"),
    }
}

fn open(project: &Project, name: &str) -> Result<File> {
    let path = project.folder("")?.join(name);
    let options = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    options.with_context(|| format!("cannot write '{}'", path.display()))
}
