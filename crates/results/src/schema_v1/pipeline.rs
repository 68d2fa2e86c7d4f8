//! The pipeline's part: `price` becomes the lines of its costs.

use serde_json::{Map, Value, json};

use super::{list, set};
use crate::scenario::pipeline::{COST, COST_WITH_AURORA};

/// The name of a line, and the part of the price that it was, by the unit of its list price. The two lines of an on-demand
/// stream's data were one part.
fn line(unit: &str) -> (&'static str, &'static str) {
    match unit {
        "HTTP API request of 512 KB" => ("HTTP API", "api_usd"),
        "Lambda request" => ("Lambda requests", "lambda_requests_usd"),
        "shard-hour of a provisioned stream" | "hour of an on-demand stream" => ("stream", "stream_time_usd"),
        "PUT payload unit of 25 KB" => ("stream data in", "stream_data_usd"),
        "GB put to an on-demand stream" => ("stream data in", ""),
        "GB read from an on-demand stream" => ("stream data out", ""),
        "write request unit of an on-demand table" => ("table", "table_usd"),
        "RDS Data API request of 32 KB" => ("Data API", "data_api_usd"),
        "ACU-hour of Aurora Serverless v2, Standard" => ("Aurora", "aurora_usd"),
        _ => ("compute", "compute_usd"),
    }
}

pub fn upgrade(result: &mut Map<String, Value>) {
    let environment = result.get_mut("environment").and_then(|environment| environment.get_mut("settings"));
    if let Some(settings) = environment.and_then(Value::as_object_mut)
        && let Some(size) = settings.remove("streamBatchSize")
    {
        settings.insert("batchSize".to_owned(), size);
    }
    let detail = result.get_mut("pipeline").and_then(Value::as_object_mut);
    let price = detail.and_then(|detail| detail.remove("price")).unwrap_or_default();
    let costs = result.get_mut("cost").and_then(Value::as_array_mut);
    let Some([cost]) = costs.map(Vec::as_mut_slice) else { return };
    for one in list(cost, "lines") {
        let (name, part) = line(one["price"]["unit"].as_str().unwrap_or_default());
        set(one, "name", json!(name));
        set(one, "usd", price[part].clone());
    }
    if cost["item"] == COST_WITH_AURORA {
        let own = cost["lines"].as_array().into_iter().flatten().filter(|line| line["name"] != "Aurora");
        let without =
            json!({ "item": COST, "usd": price["per_million_usd"], "lines": own.collect::<Vec<_>>() });
        let both = json!([without, cost]);
        result.insert("cost".to_owned(), both);
    }
}
