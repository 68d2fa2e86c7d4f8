//! What a run was made with: figures of runs that differ there have no trend together.

use results::file::RunResult;
use serde_json::{Map, Value};

use crate::compare::{as_text, requested};
use crate::scenario::shared::tables::none;

/// Settings, options and the machine, by name. Not what a trend is to show the effect of: the code.
pub fn conditions(result: &RunResult) -> Map<String, Value> {
    let mut conditions = requested(result);
    conditions.remove("lambench");
    conditions
}

/// Such as `memory 512, rate 100`: of some conditions those that aren't the same in all.
pub fn distinguishing(one: &Map<String, Value>, all: &[&Map<String, Value>]) -> String {
    let mut names: Vec<&String> = all.iter().flat_map(|conditions| conditions.keys()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| all.iter().any(|other| other.get(*name) != one.get(*name)));
    let listed = names.into_iter().map(|name| format!("{name} {}", one.get(name).map_or_else(none, as_text)));
    listed.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::result_file::read;

    #[test]
    fn only_what_differs_is_named() {
        let maps = [json!({"a": 1, "b": "x"}), json!({"a": 2, "b": "x", "c": true})];
        let [one, other] = maps.map(|map| map.as_object().unwrap().clone());
        assert_eq!(distinguishing(&one, &[&one, &other]), "a 1, c –");
        assert_eq!(distinguishing(&other, &[&one, &other]), "a 2, c true");
        assert_eq!(distinguishing(&one, &[&one]), "");
    }

    #[test]
    fn options_count_as_settings_do_and_another_port_or_version_doesnt() {
        let result = read(Path::new("tests/v1/pipeline.json")).unwrap();
        let mut later = result.clone();
        later.environment.endpoint = Some("http://127.0.0.1:1".to_owned());
        later.run.tool_version = "9.9.9".to_owned();
        later.run.git_commit = None;
        assert_eq!(conditions(&result), conditions(&later));
        let results::scenario::Detail::Pipeline(delivery) = &mut later.detail else { panic!("it is one") };
        delivery.offered.rate += 1;
        assert_ne!(conditions(&result), conditions(&later));
    }
}
