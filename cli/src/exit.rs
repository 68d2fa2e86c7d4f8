//! Exit codes, as `lambench --help` documents them.

use std::process::ExitCode;

/// What a shell reports of a program that SIGINT ended.
pub const INTERRUPTED: u8 = 130;

/// A gate was missed: a threshold of `--threshold`, what `--fail-on` names, or the limit of `--fail-above`.
pub const GATE_MISSED: u8 = 3;

/// The user ended a run with Ctrl-C; what became of it.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: {0}")]
pub struct Interrupted(pub String);

/// Options that don't go together; which, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// The exit code of a failed command.
pub fn code(error: &anyhow::Error) -> ExitCode {
    if error.is::<Interrupted>() {
        ExitCode::from(INTERRUPTED)
    } else if error.is::<Usage>() {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}
