//! What results were asked for: a difference there may be the reason of one in the figures.

use results::file::{Detail, RunResult};
use results::scenario::aurora::Runs;
use serde_json::{Map, Value, json};

use super::Side;
use crate::text::{distinct, none, table};

/// A row for each setting or option that isn't the same everywhere.
pub fn differences(sides: &[Side]) -> String {
    let all: Vec<_> = sides.iter().map(|side| asked(&side.result)).collect();
    let differs = |name: &&String| all.iter().any(|one| one.get(*name) != all[0].get(*name));
    let differing: Vec<_> = distinct(all.iter().flat_map(Map::keys)).into_iter().filter(differs).collect();
    if differing.is_empty() {
        return "all have the same settings and options".to_owned();
    }
    let letters = sides.iter().map(|side| side.letter.to_string());
    let header: Vec<_> = std::iter::once("asked for".to_owned()).chain(letters).collect();
    let rows = differing.into_iter().map(|name| {
        let values = all.iter().map(|one| one.get(name).map_or_else(none, as_text));
        std::iter::once(name.clone()).chain(values).collect()
    });
    table(&header, rows, &[0]).to_string()
}

/// The settings, the run's own options where a scenario has some, and what else may make a difference.
fn asked(result: &RunResult) -> Map<String, Value> {
    let mut asked = result.environment.settings.clone();
    if let Value::Object(options) = options(&result.detail) {
        asked.extend(options);
    }
    asked.insert("architecture".to_owned(), json!(result.environment.architecture));
    asked.insert("region".to_owned(), json!(result.environment.region));
    asked.insert("lambench".to_owned(), json!(result.run.tool_version));
    asked
}

fn options(detail: &Detail) -> Value {
    match detail {
        Detail::Archive(_) => Value::Null,
        Detail::Aurora(load) => match &load.runs {
            Runs::Ramp(runs) => runs.first().map_or(Value::Null, |run| {
                json!({"mode": "ramp", "batch": run.batch, "seconds": run.seconds})
            }),
            Runs::Queue(runs) => runs.first().map_or(Value::Null, |run| {
                json!({"mode": "queue", "batch": run.batch, "statements": run.statements, "sent": run.sent})
            }),
        },
        Detail::Pipeline(delivery) => json!(delivery.offered),
        Detail::S3Read(reading) => json!(reading.asked),
        Detail::Splitter(splitting) => json!(splitting.task),
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
