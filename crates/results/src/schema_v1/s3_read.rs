//! The part of s3-read: `price` becomes the lines of the costs, and names follow.

use serde_json::{Map, Value, json};

use super::{list, rename, set};

/// The parts of a price in the order in which a cost of version 1 has their list prices, and the names of their lines. That of
/// the generator has its compute and its invocations besides its LIST requests.
const PARTS: [(&str, &str); 6] = [
    ("compute_usd", "compute"),
    ("lambda_requests_usd", "Lambda requests"),
    ("generator_usd", "generator"),
    ("queue_usd", "queue"),
    ("gets_usd", "GET"),
    ("table_usd", "table"),
];

pub fn upgrade(result: &mut Map<String, Value>) {
    let mut costs = result.remove("cost").unwrap_or_default();
    let mut unread = costs.as_array_mut().into_iter().flatten();
    if let Some(detail) = result.get_mut("s3-read").and_then(Value::as_object_mut) {
        rename(detail, "asked", "request");
        let runs = detail.get_mut("runs").and_then(Value::as_array_mut);
        for run in runs.into_iter().flatten().filter_map(Value::as_object_mut) {
            rename(run, "mb_per_second_a_function", "mb_per_second_per_function");
            if let Some(objects) = run.get_mut("objects").and_then(Value::as_object_mut) {
                rename(objects, "at_once", "first_try");
            }
            let price = run.remove("price").unwrap_or_default();
            // A run without a price had no cost.
            let count =
                ["per_thousand_usd", "per_gb_usd"].iter().filter(|usd| !price[**usd].is_null()).count();
            unread.by_ref().take(count).for_each(|cost| upgrade_lines(cost, &price));
        }
    }
    result.insert("cost".to_owned(), costs);
}

/// Says what each line is, and what it came to: the same share of each cost.
fn upgrade_lines(cost: &mut Value, price: &Value) {
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let share = number(&cost["usd"]) / number(&price["per_thousand_usd"]);
    for (line, (part, name)) in list(cost, "lines").zip(PARTS) {
        set(line, "name", json!(name));
        set(line, "usd", json!(number(&price[part]) * share));
    }
}
