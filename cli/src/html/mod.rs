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
use maud::{Markup, html};
use results::file::RunResult;

use crate::output;
pub use page::{document, policy, policy_of};

/// Writes the page of some results.
///
/// # Errors
/// If the file cannot be written.
pub fn write(file: &Path, results: &[RunResult]) -> Result<()> {
    write_page(file, &page::render(results))
}

/// Writes a page.
///
/// # Errors
/// If the file cannot be written.
pub fn write_page(file: &Path, page: &str) -> Result<()> {
    fs::write(file, page).with_context(|| format!("cannot write the page {}", file.display()))
}

/// Says where a page is.
///
/// # Errors
/// If standard output cannot be written.
pub fn print_written(file: &Path) -> Result<()> {
    output::print_line(format_args!("page: {}", file.display()))
}

/// Lines and tables as they are printed, such that the tables sort.
pub fn as_printed(text: &str) -> Markup {
    let lines: Vec<&str> = text.lines().collect();
    html! { @for block in &text::blocks(&lines) { (section::draw(block)) } }
}

#[cfg(test)]
mod tests;
