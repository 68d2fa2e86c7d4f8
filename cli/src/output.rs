//! Standard output and standard error, of which somebody may read only the beginning (`lambench show FILE | head -1`): `println!`
//! panics then.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

use crate::layout;
use crate::progress::{above_bars, note};

/// Nobody reads standard output any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
pub struct Unread;

/// Writes to standard output at once. Returns whether it is still read.
///
/// # Errors
/// If it cannot be written, such as to a full disk.
pub fn write(bytes: &[u8]) -> Result<bool> {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).context("cannot write to standard output"),
    }
}

/// Writes a text to standard output. If nobody reads it any more, that is no error.
///
/// # Errors
/// As [`write`].
pub fn print(text: impl Display) -> Result<()> {
    write(text.to_string().as_bytes()).map(drop)
}

/// Writes a line to standard output; see [`print`].
///
/// # Errors
/// As [`write`].
pub fn print_line(text: impl Display) -> Result<()> {
    print(format_args!("{text}\n"))
}

/// Writes a line of a command that goes on as long as somebody reads it.
///
/// # Errors
/// As [`write`]; [`Unread`] at the command's end.
pub fn print_while_read(text: impl Display) -> Result<()> {
    if write(format!("{text}\n").as_bytes())? { Ok(()) } else { Err(Unread.into()) }
}

/// Writes a line to standard error, above what progress there is. If it cannot be written, there is nobody to tell.
pub fn print_error(text: impl Display) {
    let text = text.to_string();
    note(&text);
    print_progress(text);
}

/// As [`print_error`], for what those who watch a run elsewhere see without it.
pub fn print_progress(text: impl Display) {
    above_bars(|| {
        let _ = writeln!(io::stderr(), "{}", layout::message(&text.to_string()));
    });
}
