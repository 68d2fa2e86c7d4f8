//! What a log is asked for, and how its answers are understood. Its conditions hold where DynamoDB evaluates them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use test_kit::aws::{self, Answer, Requests, requests};

use super::*;

const KEY: Key<'_> = Key { run: "run-1", item: "0007" };
const CLAIMANT: Claimant<'_> =
    Claimant { worker: "request-1", cold: true, environment: None, remaining: Duration::from_secs(30) };

fn log(answer: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> (RunLog, Requests) {
    let (config, asked) = aws::config(answer);
    (RunLog::new(&config, "runs".to_owned()), asked)
}

fn check_failed(entry: &Value) -> Answer {
    aws::error("ConditionalCheckFailedException", json!({ "message": "refused", "Item": entry }))
}

fn claimed(attempts: &str) -> Answer {
    (200, json!({ "Attributes": { "attempts": { "N": attempts } } }))
}

#[tokio::test]
async fn a_claim_counts_the_attempt_and_lasts_a_little_longer_than_the_invocation() {
    let (log, asked) = log(|_, _| claimed("3"));
    let known = Known { queued_us: Some(5), count: Some(50) };
    let claim = log.claim(KEY, CLAIMANT, known).await.unwrap();
    assert_eq!(claim, Claim::Claimed(Claimed { key: KEY, attempt: 3 }));
    let request = &requests(&asked, "UpdateItem")[0];
    assert_eq!(
        request["Key"],
        json!({ "run": { "S": partition("run-1", "0007") }, "item": { "S": "0007" } })
    );
    let values = &request["ExpressionAttributeValues"];
    let time = |name: &str| values[name]["N"].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(time(":until") - time(":now"), 32_000_000);
    assert_eq!(time(":expires"), time(":now") / 1_000_000 + 7 * 86_400);
    assert_eq!((time(":queued"), time(":count")), (5, 50));
    assert_eq!(values[":cold"], json!({ "BOOL": true }));
    assert!(
        request["UpdateExpression"]
            .as_str()
            .unwrap()
            .ends_with(", #count = :count ADD attempts :one, request_ids :request")
    );
}

#[tokio::test]
async fn a_claim_says_which_environment_made_it() {
    let (log, asked) = log(|_, _| claimed("1"));
    let claimant = Claimant { environment: Some("2026/11/30/[$LATEST]1a2b"), ..CLAIMANT };
    log.claim(KEY, claimant, Known::default()).await.unwrap();
    let request = &requests(&asked, "UpdateItem")[0];
    assert_eq!(
        request["ExpressionAttributeValues"][":environment"],
        json!({ "S": "2026/11/30/[$LATEST]1a2b" })
    );
    assert!(request["UpdateExpression"].as_str().unwrap().contains(", environment = :environment"));
}

#[tokio::test]
async fn what_is_not_known_of_an_item_is_not_written() {
    let (log, asked) = log(|_, _| claimed("1"));
    log.claim(KEY, CLAIMANT, Known::default()).await.unwrap();
    let request = &requests(&asked, "UpdateItem")[0];
    assert_eq!(request["ExpressionAttributeValues"].as_object().unwrap().len(), 7);
    // DynamoDB refuses names and values that no expression has.
    assert_eq!(request.get("ExpressionAttributeNames"), None);
}

#[tokio::test]
async fn an_item_that_is_done_is_told_from_one_that_somebody_is_at() {
    for (entry, expected) in [
        (json!({ "attempts": { "N": "1" }, "ended_us": { "N": "9" } }), Claim::Done),
        (json!({ "attempts": { "N": "1" }, "claimed_until_us": { "N": "9" } }), Claim::Busy),
    ] {
        let (log, _) = log(move |_, _| check_failed(&entry));
        assert_eq!(log.claim(KEY, CLAIMANT, Known::default()).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn an_attempt_that_was_taken_over_does_not_end_the_item() {
    let claimed = Claimed { key: KEY, attempt: 2 };
    for (answer, expected) in [((200, json!({})), true), (check_failed(&json!({})), false)] {
        let (log, asked) = log(move |_, _| answer.clone());
        assert_eq!(log.finish(claimed).await.unwrap(), expected);
        let request = &requests(&asked, "UpdateItem")[0];
        assert_eq!(request["ConditionExpression"], "attempts = :attempt");
        assert_eq!(request["ExpressionAttributeValues"][":attempt"], json!({ "N": "2" }));
    }
}

#[tokio::test]
async fn a_refusal_names_the_item_and_the_table() {
    let (log, _) = log(|_, _| aws::error("ResourceNotFoundException", json!({ "message": "no table" })));
    let failure = log.claim(KEY, CLAIMANT, Known::default()).await.unwrap_err();
    let expected =
        "cannot claim item 0007 of run run-1 in the run log runs: ResourceNotFoundException: no table";
    assert_eq!(failure.to_string(), expected);
}

#[tokio::test]
async fn an_item_that_fails_is_released_and_one_that_is_done_is_left_alone() {
    let (log, asked) = log(|_, _| claimed("1"));
    let broken = async |_| Err(std::io::Error::other("broken").into());
    let failure = log.run_once(KEY, CLAIMANT, Known::default(), broken).await.unwrap_err();
    assert_eq!(failure.to_string(), "broken");
    assert_eq!(requests(&asked, "UpdateItem")[1]["UpdateExpression"], "REMOVE claimed_until_us");

    let (log, _) = self::log(|_, _| check_failed(&json!({ "ended_us": { "N": "9" } })));
    log.run_once(KEY, CLAIMANT, Known::default(), async |_| panic!("it is done")).await.unwrap();
}

#[tokio::test]
async fn an_item_that_somebody_is_at_has_to_come_again() {
    let (log, _) = log(|_, _| check_failed(&json!({})));
    let failure =
        log.run_once(KEY, CLAIMANT, Known::default(), async |_| panic!("it is taken")).await.unwrap_err();
    assert!(failure.to_string().starts_with("item 0007 of run run-1 is being done by another"), "{failure}");
}

fn items(count: usize) -> Vec<String> {
    (0..count).map(|item| format!("{item:04}")).collect()
}

fn responses(codes: impl IntoIterator<Item = Option<&'static str>>) -> Answer {
    let response =
        |code: Option<_>| code.map_or(json!({}), |code| json!({ "Error": { "Code": code, "Message": "…" } }));
    (200, json!({ "Responses": codes.into_iter().map(response).collect::<Vec<_>>() }))
}

fn statements(request: &Value) -> Vec<&str> {
    let statements = request["Statements"].as_array().unwrap();
    statements.iter().map(|one| one["Parameters"][1]["S"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn items_are_noted_25_at_a_time() {
    let (log, asked) =
        log(|_, request| responses(request["Statements"].as_array().unwrap().iter().map(|_| None)));
    log.record_queued("run-1", &items(60), 5, Instant::now()).await.unwrap();
    let requests = requests(&asked, "BatchExecuteStatement");
    assert_eq!(requests.iter().map(|request| statements(request).len()).collect::<Vec<_>>(), [25, 25, 10]);
    assert_eq!(requests.iter().flat_map(statements).collect::<Vec<_>>(), items(60));
}

#[tokio::test]
async fn only_entries_that_were_throttled_are_written_again() {
    let calls = AtomicUsize::new(0);
    let (log, asked) = log(move |_, _| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => responses([None, Some("DuplicateItem"), Some("ThrottlingError"), None]),
        _ => responses([None]),
    });
    log.record_queued("run-1", &items(4), 5, Instant::now() + Duration::from_secs(10)).await.unwrap();
    let requests = requests(&asked, "BatchExecuteStatement");
    assert_eq!(requests.len(), 2);
    assert_eq!(statements(&requests[1]), ["0002"]);
}

#[tokio::test]
async fn entries_that_cannot_be_written_are_an_error_with_the_reason() {
    for code in ["ValidationError", "ThrottlingError"] {
        let (log, _) = log(move |_, _| responses([Some(code)]));
        let failure = log.record_queued("run-1", &items(1), 5, Instant::now()).await.unwrap_err();
        let expected = format!("cannot write 1 entries of run run-1 to the run log runs: {code}: …");
        assert_eq!(failure.to_string(), expected);
    }
}

#[tokio::test]
async fn all_pages_of_a_run_are_read() {
    let (log, _) = log(|_, request| {
        let item = |id: &str| json!({ "item": { "S": id } });
        (
            200,
            match request.get("ExclusiveStartKey") {
                None => json!({ "Items": [item("0001")], "LastEvaluatedKey": item("0001") }),
                Some(_) => json!({ "Items": [item("0002")] }),
            },
        )
    });
    let queued = log.queued_items("run-1").await.unwrap();
    assert_eq!(queued, ["0001", "0002"].map(str::to_owned).into());
}
