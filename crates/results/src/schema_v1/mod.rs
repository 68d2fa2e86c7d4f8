//! Result files of schema version 1, read as if they were written today.

mod aurora;
mod pipeline;
mod s3_read;
mod splitter;

use serde_json::{Map, Value, json};

/// Makes a result of schema version 2 of one of version 1: what became fields of every result moves there, and names follow.
/// Version 1 had no quantities, so its costs have none.
#[must_use]
pub fn upgrade(mut result: Value) -> Value {
    let scenario = result.pointer("/run/scenario").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(fields) = result.as_object_mut() else { return result };
    fields.insert("schema_version".to_owned(), json!(crate::file::SCHEMA_VERSION));
    if let Some(Value::Array(costs)) = fields.get_mut("cost") {
        costs.iter_mut().filter_map(Value::as_object_mut).for_each(upgrade_cost);
    }
    let detail = fields.get_mut(&scenario).and_then(Value::as_object_mut);
    let failed_checks = detail.and_then(|detail| detail.remove("violations")).unwrap_or_else(|| json!([]));
    fields.insert("failed_checks".to_owned(), failed_checks);
    match scenario.as_str() {
        "s3-read" => s3_read::upgrade(fields),
        "aurora" => aurora::upgrade(fields),
        "pipeline" => pipeline::upgrade(fields),
        "splitter" => splitter::upgrade(fields),
        _ => {}
    }
    result
}

/// Gives a field, if there is one, another name.
fn rename(object: &mut Map<String, Value>, old: &str, new: &str) {
    if let Some(value) = object.remove(old) {
        object.insert(new.to_owned(), value);
    }
}

/// `prices` become `lines` without quantities.
fn upgrade_cost(cost: &mut Map<String, Value>) {
    let line =
        |price: &Value| json!({ "name": price["unit"], "quantity": null, "usd": null, "price": price });
    let prices = cost.remove("prices").unwrap_or_default();
    let lines: Vec<Value> = prices.as_array().into_iter().flatten().map(line).collect();
    cost.insert("lines".to_owned(), json!(lines));
}

/// Sets a field, if it is an object that shall have it: what else somebody wrote there is refused later, with everything else that
/// doesn't follow the schema.
fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// The values of an object's field, if it has a list there.
fn list<'a>(object: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The values of an array, which is empty then.
fn take(array: Option<&mut Value>) -> Vec<Value> {
    array.and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default()
}
