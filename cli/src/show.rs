//! `lambench show`: a result file as people read it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use results::file::RunResult;

use crate::result_file::{detail, place, read, settings, where_and_when};

/// What `lambench show` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file that `lambench run` wrote
    file: PathBuf,
    /// Print it as JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Prints a result file.
///
/// # Errors
/// If there is none, or it is of another schema.
pub fn show(arguments: &Arguments) -> Result<ExitCode> {
    let result = read(&arguments.file)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        print!("{}", render(&result));
    }
    Ok(ExitCode::SUCCESS)
}

/// A result with where it comes from, its ranking and its warnings.
pub fn render(result: &RunResult) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} on stack {} ({}), {}",
        result.run.scenario,
        result.environment.stack,
        place(result.environment.kind),
        where_and_when(result),
    );
    let _ = writeln!(text, "{}", settings(result));
    text.push_str(&detail(result));
    for warning in &result.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}
