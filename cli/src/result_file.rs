//! Result files, as the commands that show them read them.

#[cfg(test)]
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use results::file::{Environment, Incomplete, Kind, RunResult, SCHEMA_VERSION};
use results::schema_v1::upgrade;
use serde_json::{Number, Value};

use crate::scenario::settings_of_run;

/// Numbers above are no count of anything, and nothing that is added up or multiplied could hold them. JSON's readers differ in
/// what they make of larger ones (RFC 8259, section 6).
const LARGEST: f64 = 9_007_199_254_740_991.0;
/// What a file has at most that is read, bytes: a hundred times the largest result so far. Reading takes several times as much memory.
const MOST_BYTES: u64 = 100_000_000;

/// Reads a result file.
///
/// # Errors
/// If there is none, it is of another schema, or has numbers that no run can measure.
pub fn read(file: &Path) -> Result<RunResult> {
    let cannot = || format!("cannot read {}: give the path that 'lambench run' printed", file.display());
    let bytes = fs::metadata(file).with_context(cannot)?.len();
    if bytes > MOST_BYTES {
        bail!(
            "{} has {} MB, and a result has {} MB at most: 'lambench run' keeps distributions of what are too many values",
            file.display(),
            bytes / 1_000_000,
            MOST_BYTES / 1_000_000
        );
    }
    let text = fs::read_to_string(file).with_context(cannot)?;
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
    of(value).with_context(|| format!("{} doesn't follow docs/results.schema.json", file.display()))
}

fn of(value: Value) -> Result<RunResult> {
    if let Some(number) = too_large(&value) {
        bail!("it has the number {number}, which no run can measure");
    }
    Ok(serde_json::from_value(value)?)
}

/// A number above [`LARGEST`], if there is one.
fn too_large(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => number.as_f64().is_none_or(|of| of.abs() > LARGEST).then_some(number),
        Value::Array(values) => values.iter().find_map(too_large),
        Value::Object(members) => members.values().find_map(too_large),
        _ => None,
    }
}

/// That a result lacks something, and what; none of a complete one.
pub fn incomplete(result: &RunResult) -> Option<String> {
    let Incomplete { reason, missing } = result.incomplete.as_ref()?;
    Some(format!("INCOMPLETE ({reason}); missing: {}", missing.join("; ")))
}

/// What makes a result's figures unfit for use: its failed checks, and what it lacks.
pub fn failed_checks(result: &RunResult) -> Vec<String> {
    result.failed_checks.iter().cloned().chain(incomplete(result)).collect()
}

/// A path as it can be typed in the current folder.
pub fn from_here(file: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(here).unwrap_or(file).to_owned()
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

/// The settings, as one line; where the run had an option of the same name, what was run.
pub fn settings(result: &RunResult) -> String {
    let of_run = settings_of_run(&result.detail);
    let shown = |(name, value): (&String, &Value)| {
        format!("{name} {}", of_run.get(name.as_str()).cloned().unwrap_or_else(|| value.to_string()))
    };
    result.environment.settings.iter().map(shown).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use results::memory_sweep::{Compared, MemorySweep, Point};
    use results::scenario::Detail;

    use super::*;

    #[test]
    fn options_of_the_run_stand_in_place_of_settings_of_the_same_name() {
        let splitter = read(Path::new("tests/v1/splitter.json")).unwrap();
        let shown = settings(&splitter);
        assert!(shown.starts_with("concurrency 1,5,10, itemSeconds 0.2, memory 128, "), "{shown}");
        let archive = read(Path::new("tests/v1/archive.json")).unwrap();
        let shown = settings(&archive);
        assert!(shown.contains("memory 512, ") && shown.contains("runsPerContender 3, "), "{shown}");
    }

    #[test]
    fn a_memory_sweep_shows_its_sizes() {
        let mut result = read(Path::new("tests/v1/splitter.json")).unwrap();
        let compared = Compared { speed: "elapsed, s".to_owned(), is_rate: false, price: "a run".to_owned() };
        let point = |memory_mb| Point {
            memory_mb,
            figures: vec![],
            failed_checks: vec![],
            missing: vec![],
            cpu: None,
            detail: result.detail.clone(),
        };
        result.detail = Detail::MemorySweep(MemorySweep::new(compared, vec![point(128), point(1769)]));
        let shown = settings(&result);
        assert!(shown.starts_with("concurrency 1,5,10, itemSeconds 0.2, memory 128,1769, "), "{shown}");
    }
}
