//! `lambench show`: a result file as people read it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use results::file::{Detail, Kind, RunResult, SCHEMA_VERSION};

use crate::scenario::{archive, aurora, pipeline, s3_read, splitter};

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

/// Reads a result file.
fn read(file: &Path) -> Result<RunResult> {
    let text = fs::read_to_string(file).with_context(|| {
        format!("can't read {}: give the path that 'lambench run' printed", file.display())
    })?;
    let value: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    match value.get("schema_version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        Some(version) => bail!(
            "{} has schema version {version}, this lambench reads {SCHEMA_VERSION}: use the version that wrote it",
            file.display()
        ),
        None => bail!("{} is no lambench result: it has no schema_version", file.display()),
    }
    serde_json::from_value(value)
        .with_context(|| format!("{} doesn't follow docs/results.schema.json", file.display()))
}

/// A result with where it comes from, its ranking and its warnings.
pub fn render(result: &RunResult) -> String {
    let mut text = String::new();
    let environment = &result.environment;
    let place = match environment.kind {
        Kind::Local => "LOCAL: compare designs with it, it doesn't predict AWS",
        Kind::Aws => "AWS",
    };
    let _ = writeln!(
        text,
        "{} on stack {} ({place}), {}, {}, {}",
        result.run.scenario,
        environment.stack,
        environment.region,
        environment.architecture,
        result.run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
    );
    let settings: Vec<String> =
        environment.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let _ = writeln!(text, "{}", settings.join(", "));
    text.push_str(&match &result.detail {
        Detail::Archive(contest) => archive::ranking::render(contest, &environment.stack),
        Detail::Aurora(load) => aurora::table::render(load),
        Detail::Pipeline(delivery) => pipeline::table::render(delivery),
        Detail::S3Read(reading) => s3_read::table::render(reading),
        Detail::Splitter(splitting) => splitter::table::render(splitting),
    });
    for warning in &result.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}
