//! What results were asked for: a difference there may be the reason of one in the figures.

use results::file::RunResult;
use serde_json::{Map, Value, json};

use super::Side;
use crate::scenario::options;
use crate::scenario::shared::tables::{distinct, none, table};

/// A row for each setting or option that isn't the same everywhere.
pub fn differences(sides: &[Side]) -> String {
    let all: Vec<_> = sides.iter().filter_map(Side::results_first).map(requested).collect();
    let differs = |name: &&String| all.iter().any(|one| one.get(*name) != all[0].get(*name));
    let differing: Vec<_> = distinct(all.iter().flat_map(Map::keys)).into_iter().filter(differs).collect();
    if differing.is_empty() {
        return "all have the same settings and options".to_owned();
    }
    let letters = sides.iter().map(|side| side.letter.to_string());
    let header: Vec<_> = std::iter::once("setting or option".to_owned()).chain(letters).collect();
    let rows = differing.into_iter().map(|name| {
        let values = all.iter().map(|one| one.get(name).map_or_else(none, as_text));
        std::iter::once(name.clone()).chain(values).collect()
    });
    table(&header, rows, &[0]).to_string()
}

/// The settings, what the run was asked to do, and what else may make a difference. An option wins over the setting that it
/// replaces.
pub fn requested(result: &RunResult) -> Map<String, Value> {
    let environment = &result.environment;
    let mut requested = environment.settings.clone();
    if let Value::Object(options) = options(&result.detail, &environment.stack) {
        requested.extend(options);
    }
    let cpu = environment.cpu.as_ref();
    let others = [
        ("architecture", json!(environment.architecture)),
        ("region", json!(environment.region)),
        ("lambench", json!(result.run.tool_version)),
        ("CPU limit", json!(cpu.map(|cpu| &cpu.mechanism))),
        ("CPU scale", json!(cpu.map(|cpu| cpu.scale))),
        ("processors", json!(cpu.map(|cpu| cpu.processors))),
        ("local S3", json!(environment.s3)),
    ];
    let known = others.into_iter().filter(|(_, value)| !value.is_null());
    requested.extend(known.map(|(name, value)| (name.to_owned(), value)));
    requested
}

/// A value as people read it.
pub fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
