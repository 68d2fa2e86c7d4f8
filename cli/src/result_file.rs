//! Result files, as the commands that show them read them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use results::file::{Environment, Kind, RunResult, SCHEMA_VERSION};
use results::schema_v1::upgrade;

/// Reads a result file.
///
/// # Errors
/// If there is none, or it is of another schema.
pub fn read(file: &Path) -> Result<RunResult> {
    let text = fs::read_to_string(file).with_context(|| {
        format!("cannot read {}: give the path that 'lambench run' printed", file.display())
    })?;
    let mut value: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    match value.get("schema_version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        Some(1) => value = upgrade(value),
        Some(version) => bail!(
            "{} has schema version {version}, this lambench reads {SCHEMA_VERSION}: use the version that wrote it",
            file.display()
        ),
        None => bail!("{} is not a lambench result: it has no schema_version", file.display()),
    }
    serde_json::from_value(value)
        .with_context(|| format!("{} doesn't follow docs/results.schema.json", file.display()))
}

/// Whose numbers these are, and what they are good for.
pub fn place(environment: &Environment) -> &'static str {
    match (environment.kind, &environment.cpu) {
        (Kind::Aws, _) => "AWS",
        (Kind::Local, Some(cpu)) if cpu.mechanism != "off" => {
            "LOCAL: docs/prediction.md says how far durations are from AWS's"
        }
        (Kind::Local, _) => "LOCAL, without a share of the processor: durations say nothing about AWS",
    }
}

/// The line above everything that is shown of a result.
pub fn heading(result: &RunResult) -> String {
    format!(
        "{} on stack {} ({}), {}",
        result.run.scenario,
        result.environment.stack,
        place(&result.environment),
        where_and_when(result)
    )
}

/// Region, architecture, and when it began.
pub fn where_and_when(result: &RunResult) -> String {
    let Environment { region, architecture, .. } = &result.environment;
    let when = result.run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC");
    format!("{region}, {architecture}, {when}")
}

/// The settings, as one line.
pub fn settings(result: &RunResult) -> String {
    let settings = result.environment.settings.iter();
    settings.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}
