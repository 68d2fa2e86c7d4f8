//! The splitter's part: `price` becomes costs, and names follow.

use serde_json::{Map, Value, json};

use super::{list, set, take};
use crate::scenario::splitter::{ONE_INVOCATION_COST, RUN_LOG_COST, SPLIT_COST, cost_item};

/// What an invocation could last at most, seconds: version 1 didn't say it.
const MAX_INVOCATION_SECONDS: u64 = 900;
const RUN_LOG_LINE: &str = "run log";
/// The parts of a price in the order in which a cost of version 1 has their list prices, and the names of their lines.
const PARTS: [(&str, &str); 5] = [
    ("compute_usd", "compute"),
    ("lambda_requests_usd", "Lambda requests"),
    ("queue_usd", "SQS"),
    ("event_bus_usd", "EventBridge"),
    ("log_usd", RUN_LOG_LINE),
];

pub fn upgrade(result: &mut Map<String, Value>) {
    let mut costs = take(result.get_mut("cost")).into_iter().peekable();
    let mut upgraded: [Vec<Value>; 3] = Default::default();
    let Some(detail) = result.get_mut("splitter") else { return };
    if let Some(task) = detail.get_mut("task") {
        set(task, "max_invocation_seconds", json!(MAX_INVOCATION_SECONDS));
    }
    for run in list(detail, "runs").filter_map(Value::as_object_mut) {
        rename(run);
        let price = run.remove("price").unwrap_or_default();
        run.insert("one_invocation_seconds".to_owned(), price["one_invocation_seconds"].clone());
        // A run without a price had no cost.
        if let Some(cost) = costs.next_if(|_| !price["per_million_usd"].is_null()) {
            let costs =
                split(cost, run.get("concurrency").and_then(Value::as_u64).unwrap_or_default(), &price);
            upgraded.iter_mut().zip(costs).for_each(|(kind, cost)| kind.push(cost));
        }
    }
    result.insert("cost".to_owned(), json!(upgraded.concat()));
}

fn rename(run: &mut Map<String, Value>) {
    let trigger = match run.remove("road").as_ref().and_then(Value::as_str) {
        Some("call") => "invoke",
        Some("one-by-one") => "sequential",
        _ => "event-bus",
    };
    run.insert("trigger".to_owned(), json!(trigger));
    let peak = run.remove("at_once").unwrap_or_default();
    run.insert("peak_concurrency".to_owned(), peak);
    if let Some(reply) = run.get_mut("reply").and_then(Value::as_object_mut) {
        let status_code = reply.remove("status_code").unwrap_or_default();
        reply.insert("statusCode".to_owned(), status_code);
    }
}

/// What was one cost with a price besides, as the costs that there are today.
fn split(mut cost: Value, concurrency: u64, price: &Value) -> [Value; 3] {
    let lines = take(cost.get_mut("lines"));
    let parts = PARTS.into_iter().filter(|(part, _)| !price[part].is_null());
    let named = parts.zip(lines).map(|((part, name), mut line)| {
        set(&mut line, "name", json!(name));
        set(&mut line, "usd", price[part].clone());
        line
    });
    let (run_log, own): (Vec<_>, Vec<_>) = named.partition(|line| line["name"] == RUN_LOG_LINE);
    let cost = |item, usd: &Value, lines| json!({ "item": cost_item(concurrency, item), "usd": usd, "lines": lines });
    [
        cost(SPLIT_COST, &price["per_million_usd"], own),
        cost(RUN_LOG_COST, &price["log_usd"], run_log),
        cost(ONE_INVOCATION_COST, &price["one_invocation_usd"], Vec::new()),
    ]
}
