//! Options as a test types them.

use clap::{Args, Parser};

#[derive(Debug, Parser)]
struct Line<T: Args> {
    #[command(flatten)]
    options: T,
}

/// The options of a command line, without the program's name.
///
/// # Errors
/// As clap refuses it.
pub fn parsed<T: Args>(line: &str) -> Result<T, clap::Error> {
    Line::try_parse_from(std::iter::once("run").chain(line.split_whitespace())).map(|line| line.options)
}
