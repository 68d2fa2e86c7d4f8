//! Events as Lambda delivers them.

use aws_lambda_events::dynamodb::Event;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipeline::midstream::KinesisEvent;
use serde_json::{Value, json};

/// The first arrival's time, µs since 1970.
pub const ARRIVED_US: u64 = 1_732_180_000_000_000;

/// A fixture of `fixtures/`.
pub fn fixture<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The sequence number of the record at this place of a batch.
pub fn sequence_number(position: usize) -> String {
    format!("4959033827149025660855969253836157109592157598913658{position:04}")
}

/// A batch of Kinesis with this data.
pub fn kinesis(data: &[Vec<u8>]) -> KinesisEvent {
    let records = data.iter().enumerate().map(|(position, data)| {
        json!({
            "awsRegion": "us-east-1",
            "kinesis": {
                "approximateArrivalTimestamp": 1_732_180_000.371_133,
                "data": STANDARD.encode(data),
                "partitionKey": "k",
                "sequenceNumber": sequence_number(position),
            },
        })
    });
    serde_json::from_value(json!({ "Records": records.collect::<Value>() })).unwrap()
}

/// A record's data that `upstream` writes.
pub fn data(id: &str, message: &str, arrived_us: u64) -> Vec<u8> {
    let record = json!({ "id": id, "message": message, "timestamp": 1_732_180_000_000_000.0, "arrived_us": arrived_us });
    record.to_string().into_bytes()
}

/// A batch of the table's stream with these images.
pub fn table(images: &[Value]) -> Event {
    let records = images.iter().enumerate().map(|(position, image)| {
        json!({
            "awsRegion": "us-east-1",
            "eventID": position.to_string(),
            "eventName": "INSERT",
            "dynamodb": { "NewImage": image, "SequenceNumber": sequence_number(position), "SizeBytes": 1 },
        })
    });
    serde_json::from_value(json!({ "Records": records.collect::<Value>() })).unwrap()
}

/// An image that `midstream` writes: it has the message 2 ms after `upstream`.
pub fn image(id: &str, message: &str, arrived_us: u64, copies: u64) -> Value {
    json!({
        "id": { "S": id },
        "message": { "S": message },
        "timestamp": { "N": "1732179999999000" },
        "arrived_us": { "N": arrived_us.to_string() },
        "midstream_us": { "N": (arrived_us + 2000).to_string() },
        "copies": { "N": copies.to_string() },
        "midstream_request": { "S": "at-midstream" },
    })
}

/// Images of so many messages of a run, from its first number on.
pub fn images(run: &str, count: u64) -> Vec<Value> {
    (0..count).map(|number| image(&format!("{run}-{number}"), "Hello", ARRIVED_US + number, 1)).collect()
}
