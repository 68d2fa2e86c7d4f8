//! `--html`: results as one page that can be sent to somebody: pictures with their values, and all that `lambench show` prints.

pub mod chart;
mod page;
pub mod picture;
mod section;
mod table;
mod text;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use results::file::RunResult;

pub use page::{policy, policy_of};

/// Writes the page of some results.
///
/// # Errors
/// If the file cannot be written.
pub fn write(file: &Path, results: &[RunResult]) -> Result<()> {
    fs::write(file, page::render(results))
        .with_context(|| format!("cannot write the page {}", file.display()))
}

#[cfg(test)]
mod tests;
