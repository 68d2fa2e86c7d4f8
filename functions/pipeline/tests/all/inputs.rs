//! Whatever comes in, it is answered and accounted for: no panic, no lost message.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipeline::midstream::Midstream;
use pipeline::upstream::{Request, Upstream};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::events::{ARRIVED_US, data, kinesis};
use crate::support::{Answer, aws, dead_letters, letters, lowest_failed, metrics, requests, sqs};

const REMAINING: Duration = Duration::from_secs(30);

fn answer(operation: &str, request: &Value) -> Answer {
    match operation {
        "PutRecord" => (200, json!({ "SequenceNumber": "49", "ShardId": "shardId-000000000000" })),
        "BatchWriteItem" => (200, json!({ "UnprocessedItems": {} })),
        _ => sqs(operation, request),
    }
}

/// A value of a field as anybody may send it.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => any::<String>().prop_map(Value::from),
        6 => any::<f64>().prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => vec(any::<u8>(), 0..3).prop_map(|numbers| json!(numbers)),
        1 => any::<String>().prop_map(|text| json!({ "id": text })),
    ]
}

/// Text with its fields in any order, some of them twice or not at all, cut or with something behind it.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(&["id", "message", "timestamp", "arrived_us", "copies", "other"][..]);
    let object = vec((name, value()), 0..8).prop_map(|fields| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    });
    let good = ("[a-z]{1,3}", any::<String>(), 0..3_u64)
        .prop_map(|(id, message, at)| data(&id, &message.replace('\0', ""), ARRIVED_US + at));
    prop_oneof![
        4 => good.clone(),
        4 => object,
        1 => vec(any::<u8>(), 0..40),
        1 => (good, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut body, place, byte)| {
            let place = place.index(body.len());
            body[place] = byte;
            body
        }),
    ]
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(test_kit::cases(128))]
    #[test]
    fn what_upstream_accepts_midstream_can_read_and_everything_else_is_refused(
        body in body(),
        is_base64 in any::<bool>(),
    ) {
        let (config, asked) = aws(answer);
        let upstream = Upstream::new(&config, "messages".to_owned());
        let text = if is_base64 { STANDARD.encode(&body) } else { String::from_utf8_lossy(&body).into_owned() };
        let request = Request { body: Some(text), is_base64_encoded: is_base64 };
        let response = block_on(upstream.handle(&request, "request", REMAINING));
        let mut put = requests(&asked, "PutRecord");
        prop_assert_eq!((response.status_code == 200, put.len()), (put.len() == 1, put.len()));
        let Some(record) = put.pop() else {
            prop_assert_eq!(response.status_code, 400, "{}", response.body);
            return Ok(());
        };
        let record = STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
        let midstream = Midstream::new(&config, "messages".to_owned(), dead_letters(&config, "midstream"), metrics("midstream"));
        prop_assert_eq!(lowest_failed(&block_on(midstream.handle(&kinesis(&[record]), "request", REMAINING))), None);
        prop_assert_eq!((requests(&asked, "BatchWriteItem").len(), letters(&asked).len()), (1, 0));
    }

    #[test]
    fn each_record_of_a_batch_is_an_item_or_a_dead_letter(batch in vec(body(), 1..30)) {
        let (config, asked) = aws(answer);
        let midstream = Midstream::new(&config, "messages".to_owned(), dead_letters(&config, "midstream"), metrics("midstream"));
        prop_assert_eq!(lowest_failed(&block_on(midstream.handle(&kinesis(&batch), "request", REMAINING))), None);
        let written = requests(&asked, "BatchWriteItem");
        let items = written.iter().flat_map(|request| request["RequestItems"]["messages"].as_array().unwrap());
        let items: Vec<_> = items.map(|write| &write["PutRequest"]["Item"]).collect();
        let copies: u64 = items.iter().map(|item| item["copies"]["N"].as_str().unwrap().parse::<u64>().unwrap()).sum();
        prop_assert_eq!(copies + letters(&asked).len() as u64, batch.len() as u64);
        let ids: BTreeSet<_> = items.iter().map(|item| item["id"]["S"].as_str().unwrap()).collect();
        prop_assert_eq!(ids.len(), items.len(), "DynamoDB refuses a request that has an item twice");
    }
}
