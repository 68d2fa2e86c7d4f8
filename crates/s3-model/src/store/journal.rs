//! The journal: one JSON line for each change. A process that is killed while it writes leaves half a line at the end, which
//! the next start drops: that change was never answered.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads the lines of the journal at `path`, if there is one, without a torn last one.
///
/// # Errors
/// When it cannot be read, a line before the last is damaged, or `each` fails.
pub fn replay<T: DeserializeOwned>(path: &Path, mut each: impl FnMut(T) -> io::Result<()>) -> io::Result<()> {
    let mut lines = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        lines.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let damaged = |error: String| io::Error::other(format!("line {number} is damaged: {error}"));
        let record = serde_json::from_slice(&line).map_err(|error| damaged(error.to_string()))?;
        each(record).map_err(|error| damaged(error.to_string()))?;
    }
    Ok(())
}

/// A journal that lines are appended to.
#[derive(Debug)]
pub struct Journal {
    file: File,
    len: u64,
    line: Vec<u8>,
    _lock: File,
}

impl Journal {
    /// Writes a new journal of `records` in the place of the one at `path`, which stays until the new one is whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rewrite<T: Serialize>(
        path: &Path,
        lock: File,
        records: impl Iterator<Item = T>,
    ) -> io::Result<Self> {
        let new = with_extension(path, "new");
        let mut file = BufWriter::new(File::create(&new)?);
        for record in records {
            serde_json::to_writer(&mut file, &record)?;
            file.write_all(b"\n")?;
        }
        file.into_inner()?.sync_all()?;
        fs::rename(&new, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self { len: file.metadata()?.len(), file, line: Vec::new(), _lock: lock })
    }

    /// Takes the lock that keeps a second process from the journal at `path`.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(path: &Path) -> io::Result<File> {
        let file = File::create(with_extension(path, "lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::other("another S3 model uses this folder: stop it, or take another folder"))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Appends a line; all of it or nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, record: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record)?;
        self.line.push(b'\n');
        let written = self.file.write_all(&self.line);
        match written {
            Ok(()) => self.len += self.line.len() as u64,
            // Half a line would take the next one with it.
            Err(_) => self.file.set_len(self.len)?,
        }
        self.line.shrink_to(1 << 16);
        written
    }

    /// Waits until all lines are on the disk.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn with_extension(path: &Path, extension: &str) -> PathBuf {
    path.with_extension(extension)
}
