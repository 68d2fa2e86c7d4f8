//! Exit codes, as `lambench --help` documents them.

use std::process::ExitCode;

/// The user ended a run with Ctrl-C; it has been cleaned up.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: the execution is stopped and its archives are removed")]
pub struct Interrupted;

/// The exit code of a failed command.
pub fn code(error: &anyhow::Error) -> ExitCode {
    // What a shell reports of a program that SIGINT ended.
    if error.is::<Interrupted>() { ExitCode::from(130) } else { ExitCode::FAILURE }
}
