//! The load on Aurora: the `price` of a run becomes its costs.

use protocol::stats::real;
use serde_json::{Map, Value, json};

use super::{set, take};
use crate::scenario::aurora::{COST, COST_WITH_AURORA};

const AURORA_LINE: &str = "Aurora";
/// The parts of a price in the order in which a cost of version 1 has their list prices, and the names of their lines.
const PARTS: [(&str, &str); 6] = [
    ("compute_usd", "compute"),
    ("lambda_requests_usd", "Lambda requests"),
    ("queue_usd", "SQS"),
    ("transitions_usd", "Step Functions"),
    ("data_api_usd", "Data API"),
    ("aurora_usd", AURORA_LINE),
];

/// Makes its part of a result of version 2 of that of version 1.
pub fn upgrade(result: &mut Map<String, Value>) {
    let mut costs = take(result.get_mut("cost")).into_iter();
    let mut upgraded = Vec::new();
    let runs = result.get_mut("aurora").and_then(|detail| detail.get_mut("runs"));
    for run in runs.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        let price = run.remove("price").unwrap_or_default();
        // A run without a price had no cost.
        if !price["per_million_usd"].is_null()
            && let Some(cost) = costs.next()
        {
            upgraded.extend(costs_of(cost, &price, completions(run)));
        }
    }
    result.insert("cost".to_owned(), json!(upgraded));
}

fn completions(run: &Map<String, Value>) -> f64 {
    let counted = run.get("stages").or(run.get("actions")).and_then(Value::as_array).into_iter().flatten();
    real(counted.filter_map(|one| one["completions"].as_u64()).sum())
}

/// What was one cost with a price besides, as the costs that there are today: of a million completions, without and, if it
/// was measured, with Aurora's capacity.
fn costs_of(mut cost: Value, price: &Value, completions: f64) -> Vec<Value> {
    let item = cost["item"].as_str().unwrap_or_default();
    let label = item.split_once(": ").map_or(item, |(label, _)| label).to_owned();
    let lines = take(cost.get_mut("lines"));
    let parts = PARTS.into_iter().filter_map(|(part, name)| Some((name, price[part].as_f64()?)));
    let lines: Vec<Value> = parts
        .zip(lines)
        .map(|((name, usd), mut line)| {
            let million = usd / completions * 1e6;
            let quantity = line["price"]["usd"].as_f64().map(|usd| million / usd);
            set(&mut line, "name", json!(name));
            set(&mut line, "usd", json!(million));
            set(&mut line, "quantity", json!(quantity));
            line
        })
        .collect();
    let without: Vec<&Value> = lines.iter().filter(|line| line["name"] != AURORA_LINE).collect();
    let mut costs = vec![json!({
        "item": format!("{label}: {COST}"), "usd": price["per_million_usd"], "lines": without,
    })];
    if !price["per_million_with_aurora_usd"].is_null() {
        costs.push(json!({
            "item": format!("{label}: {COST_WITH_AURORA}"), "usd": price["per_million_with_aurora_usd"], "lines": lines,
        }));
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_becomes_costs_whose_lines_are_its_parts() {
        let quoted = |unit: &str, usd: f64| json!({ "name": unit, "quantity": null, "usd": null, "price": { "usd": usd } });
        let mut result = json!({
            "cost": [{
                "item": "sqlx SELECT: a million completions, with Aurora's capacity", "usd": 30.0,
                "lines": [quoted("GB-second", 0.1), quoted("request", 0.2), quoted("ACU-hour", 0.5)],
            }],
            "aurora": { "mode": "ramp", "runs": [{
                "stages": [{ "completions": 40_000 }, { "completions": 60_000 }],
                "price": {
                    "gb_seconds": 5.0, "compute_usd": 0.5, "lambda_requests_usd": 0.5, "queue_usd": null,
                    "transitions_usd": null, "data_api_usd": null, "acu_hours": 4.0, "aurora_usd": 2.0,
                    "per_million_usd": 10.0, "per_million_with_aurora_usd": 30.0,
                },
            }] },
        });
        upgrade(result.as_object_mut().unwrap());
        let costs = result["cost"].as_array().unwrap();
        assert_eq!(costs[0]["item"], format!("sqlx SELECT: {COST}"));
        assert_eq!((&costs[0]["usd"], costs[0]["lines"].as_array().unwrap().len()), (&json!(10.0), 2));
        assert_eq!((&costs[1]["usd"], &costs[1]["lines"][2]["name"]), (&json!(30.0), &json!("Aurora")));
        assert_eq!(
            (&costs[1]["lines"][2]["usd"], &costs[1]["lines"][2]["quantity"]),
            (&json!(20.0), &json!(40.0))
        );
        assert!(result["aurora"]["runs"][0].get("price").is_none());
    }
}
