//! Passwords and keys: random, and in files that only their owner may read.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// 128 random bits.
///
/// # Errors
///
/// When the system has no random numbers.
pub fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

/// Writes a file that only its owner may read.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(file: &Path, secret: &str) -> Result<()> {
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
    fn two_passwords_differ() {
        assert_ne!(random_hex().unwrap(), random_hex().unwrap());
    }
}
