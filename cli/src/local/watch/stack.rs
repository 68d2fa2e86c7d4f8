//! The stack whose functions `watch` swaps.

use anyhow::{Context, Result, bail};

use crate::local::environment;
use crate::project::Project;

/// The stack that is selected in the local environment.
///
/// # Errors
///
/// When none is selected, or Pulumi cannot be run.
pub fn selected(project: &Project) -> Result<String> {
    let output = environment::command(project, "pulumi")?
        .args(["stack", "--show-name", "--non-interactive"])
        .output()
        .context("cannot run pulumi: run `make setup`, or name the stack with --stack")?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("no stack is selected: name one with --stack ({})", error.trim().trim_start_matches("error: "));
    }
    Ok(String::from_utf8(output.stdout).context("pulumi did not print a stack name")?.trim().to_owned())
}
