//! What becomes of Kinesis records, whatever DynamoDB answers.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::events::{ARRIVED_US, data, fixture, kinesis, sequence_number};
use crate::support::{
    Answer, Requests, aws, dead_letters, error, letters, lowest_failed, metrics, requests, sqs,
};
use pipeline::midstream::Midstream;
use serde_json::{Value, json};

const REMAINING: Duration = Duration::from_mins(1);

fn midstream(dynamo: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> (Midstream, Requests) {
    let (config, asked) =
        aws(
            move |operation, body| {
                if operation == "BatchWriteItem" { dynamo(body) } else { sqs(operation, body) }
            },
        );
    (
        Midstream::new(
            &config,
            "messages".to_owned(),
            dead_letters(&config, "midstream"),
            metrics("midstream"),
        ),
        asked,
    )
}

fn all_written(_: &Value) -> Answer {
    (200, json!({ "UnprocessedItems": {} }))
}

/// The items of a request.
fn items(request: &Value) -> Vec<Value> {
    let writes = request["RequestItems"]["messages"].as_array().unwrap();
    writes.iter().map(|write| write["PutRequest"]["Item"].clone()).collect()
}

fn ids(request: &Value) -> Vec<String> {
    items(request).iter().map(|item| item["id"]["S"].as_str().unwrap().to_owned()).collect()
}

fn batch(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|number| data(&format!("r-{number}"), "Hello", ARRIVED_US + number)).collect()
}

#[tokio::test]
async fn records_become_items_and_those_of_one_id_one_item() {
    let (midstream, asked) = midstream(all_written);
    let response = midstream.handle(&fixture("kinesis"), "request", REMAINING).await;
    assert_eq!(lowest_failed(&response), None);
    let written = requests(&asked, "BatchWriteItem");
    let [one, two] = <[Value; 2]>::try_from(items(&written[0])).unwrap();
    assert_eq!(
        one,
        json!({
            "id": { "S": "r-1" },
            "message": { "S": "Hé" },
            "timestamp": { "N": "1732180000.5" },
            "arrived_us": { "N": "1732180000001000" },
            "midstream_us": one["midstream_us"],
            "copies": { "N": "1" },
            "midstream_request": { "S": "request" },
        })
    );
    assert!(one["midstream_us"]["N"].as_str().unwrap().parse::<u64>().unwrap() > ARRIVED_US);
    assert_eq!((&two["message"]["S"], &two["copies"]["N"]), (&json!("earlier"), &json!("2")));
    assert_eq!(
        (&two["timestamp"]["N"], &two["arrived_us"]["N"]),
        (&json!("1732180000000000"), &json!("1732180000001500"))
    );
    // What is no message is dead-lettered, and stops no other.
    let [letter] = <[_; 1]>::try_from(letters(&asked)).unwrap();
    assert_eq!((letter.function.as_str(), letter.record.as_str(), letter.id), ("midstream", "/wD/", None));
    assert_eq!(letter.sequence_number, "49590338271490256608559692540925702759324208523137515700");
    assert!(letter.reason.starts_with("the record is not JSON: "), "{}", letter.reason);
}

#[tokio::test]
async fn records_that_the_producer_library_has_aggregated_are_dead_lettered_with_what_to_do() {
    let (midstream, asked) = midstream(all_written);
    let aggregate = [&[0xF3, 0x89, 0x9A, 0xC2][..], b"\n\x03r-1\x1a\x02{}", &[7; 16]].concat();
    let records = [batch(1), vec![aggregate]].concat();
    assert_eq!(lowest_failed(&midstream.handle(&kinesis(&records), "request", REMAINING).await), None);
    assert_eq!(requests(&asked, "BatchWriteItem").iter().flat_map(ids).collect::<Vec<_>>(), ["r-0"]);
    let [letter] = <[_; 1]>::try_from(letters(&asked)).unwrap();
    assert!(letter.reason.contains("turn its aggregation off"), "{}", letter.reason);
}

#[tokio::test]
async fn no_request_has_more_items_than_dynamodb_takes() {
    let (midstream, asked) = midstream(all_written);
    assert_eq!(lowest_failed(&midstream.handle(&kinesis(&batch(103)), "request", REMAINING).await), None);
    let sizes: Vec<_> = requests(&asked, "BatchWriteItem").iter().map(|request| ids(request).len()).collect();
    assert_eq!(sizes, [25, 25, 25, 25, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_dynamodb_leaves_out_is_written_again_until_all_is() {
    let (midstream, asked) = midstream(|request| {
        // It takes three at a time.
        let writes = request["RequestItems"]["messages"].as_array().unwrap();
        let left_out = &writes[writes.len().min(3)..];
        let left_out = if left_out.is_empty() { json!({}) } else { json!({ "messages": left_out }) };
        (200, json!({ "UnprocessedItems": left_out }))
    });
    assert_eq!(lowest_failed(&midstream.handle(&kinesis(&batch(40)), "request", REMAINING).await), None);
    let taken = requests(&asked, "BatchWriteItem")
        .iter()
        .flat_map(|request| ids(request).into_iter().take(3))
        .collect::<Vec<_>>();
    assert_eq!(taken.len(), 40);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>().len(), 40);
}

#[tokio::test]
async fn an_item_that_dynamodb_never_takes_is_dead_lettered_and_the_others_are_written() {
    let (midstream, asked) = midstream(|request| {
        if ids(request).iter().any(|id| id == "r-7") {
            return error(400, "ValidationException", "Item size has exceeded the maximum allowed size");
        }
        all_written(request)
    });
    assert_eq!(lowest_failed(&midstream.handle(&kinesis(&batch(30)), "request", REMAINING).await), None);
    let mut written: Vec<_> = requests(&asked, "BatchWriteItem").iter().flat_map(ids).collect();
    written.sort();
    written.dedup();
    assert_eq!(written.len(), 30, "each was tried");
    let alone: Vec<_> =
        requests(&asked, "BatchWriteItem").iter().map(ids).filter(|ids| ids.len() == 1).collect();
    assert_eq!(alone.len(), 5, "of the other part, each by itself");
    let [letter] = <[_; 1]>::try_from(letters(&asked)).unwrap();
    assert_eq!((letter.id.as_deref(), letter.sequence_number), (Some("r-7"), sequence_number(7)));
    assert!(letter.reason.contains("ValidationException: Item size has exceeded"), "{}", letter.reason);
    assert_eq!(letter.record.as_bytes(), batch(30)[7]);
}

#[tokio::test]
async fn what_isnt_written_in_time_comes_again_with_all_that_follows() {
    let (midstream, asked) = midstream(|request| {
        if ids(request).iter().any(|id| id == "r-59") {
            return error(
                400,
                "ProvisionedThroughputExceededException",
                "Throughput exceeds the current capacity",
            );
        }
        all_written(request)
    });
    let mut data = batch(60);
    (data[2], data[50]) = (b"{}".to_vec(), b"{}".to_vec());
    let response = midstream.handle(&kinesis(&data), "request", Duration::from_millis(600)).await;
    // The third part has the ids r-56 to r-59 and r-6 to r-9.
    assert_eq!(lowest_failed(&response), Some(sequence_number(6)));
    // What cannot be read behind that comes again, and is dead-lettered then.
    let aside: Vec<_> = letters(&asked).into_iter().map(|letter| letter.sequence_number).collect();
    assert_eq!(aside, [sequence_number(2)]);
}

#[tokio::test]
async fn a_record_that_cannot_be_dead_lettered_comes_again() {
    let (config, _) = aws(|operation, body| {
        if operation == "BatchWriteItem" {
            all_written(body)
        } else {
            error(400, "QueueDoesNotExist", "no such queue")
        }
    });
    let midstream = Midstream::new(
        &config,
        "messages".to_owned(),
        dead_letters(&config, "midstream"),
        metrics("midstream"),
    );
    let mut data = batch(5);
    (data[3], data[4]) = (b"{}".to_vec(), b"[]".to_vec());
    let response = midstream.handle(&kinesis(&data), "request", REMAINING).await;
    assert_eq!(lowest_failed(&response), Some(sequence_number(3)));
}

#[tokio::test]
async fn a_request_without_an_answer_is_sent_again() {
    let calls = AtomicUsize::new(0);
    let (midstream, asked) = midstream(move |request| {
        if calls.fetch_add(1, Ordering::Relaxed) == 0 {
            error(500, "InternalServerError", "not today")
        } else {
            all_written(request)
        }
    });
    assert_eq!(lowest_failed(&midstream.handle(&kinesis(&batch(3)), "request", REMAINING).await), None);
    assert_eq!(requests(&asked, "BatchWriteItem").len(), 2);
}
