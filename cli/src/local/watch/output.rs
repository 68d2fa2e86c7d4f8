//! What `watch` prints.

use std::io::{self, ErrorKind, Write};

use anyhow::Result;

/// Prints a line at once, to files and pipes too.
///
/// # Errors
///
/// When the output cannot be written; see `is_broken_pipe`.
pub fn print_line(line: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

/// Whether an error says that nothing reads the output any longer.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
