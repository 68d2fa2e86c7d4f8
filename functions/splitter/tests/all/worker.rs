//! Every reply, what comes twice, what fails, what is given up.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ENVIRONMENT, MAX_MESSAGE_BYTES, World, delivered, entry_of};

const ONE: &str = include_str!("../../fixtures/one-tag.json");
const FIVE: &str = include_str!("../../fixtures/five-tags.json");
const PYTHON: &str = include_str!("../../fixtures/python-body.txt");

fn many(keys: impl IntoIterator<Item = String>) -> String {
    let items: Vec<_> = keys.into_iter().map(|key| json!({ "key": key, "value": "v" })).collect();
    json!({
        "id": "event-1", "source": "lambench.splitter",
        "detail": { "eventName": "CreateTags", "run": "run-1", "requestParameters": { "tagSet": { "items": items } } },
    })
    .to_string()
}

fn numbered(count: usize) -> String {
    many((0..count).map(|number| format!("k{number}")))
}

fn ids(messages: &[Value]) -> Vec<&str> {
    let mut ids: Vec<_> = messages.iter().map(|message| message["Id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

fn reply(status: u16, count: usize, body: &str) -> Value {
    json!({ "statusCode": status, "count": count, "body": body })
}

#[tokio::test]
async fn every_event_gets_its_reply() {
    let invalid = reply(400, 0, "invalid event argument");
    for (event, expected) in [
        (ONE, reply(200, 1, "handled 1 tag")),
        (FIVE, reply(202, 5, "split '5' tags into '5' queued messages")),
        (
            include_str!("../../fixtures/ignored.json"),
            reply(202, 0, "event was ignored, not a type of interest"),
        ),
        (include_str!("../../fixtures/malformed.json"), invalid.clone()),
        ("[]", invalid.clone()),
        (r#"{"Records": [{"eventSource": "aws:s3"}]}"#, invalid),
    ] {
        assert_eq!(World::new().invoke(event, "r").await.unwrap(), expected);
    }
}

#[tokio::test]
async fn an_event_is_split_into_messages_that_say_which_item_of_which_run_they_are() {
    let world = World::new();
    world.invoke(FIVE, "r").await.unwrap();
    let state = world.state();
    assert_eq!(ids(&state.queue), ["0000", "0001", "0002", "0003", "0004"]);
    let message = &state.queue[3];
    let attribute = |name: &str| message["MessageAttributes"][name]["StringValue"].as_str().unwrap();
    assert_eq!((attribute("Run"), attribute("Item")), ("c0a8f5d2-3e4f-4a5b-9c6d-7e8f90a1b2c3", "0003"));
    assert!(attribute("SentAt").parse::<u64>().unwrap() > 1_700_000_000_000_000);
    let body: Value = serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap();
    let tags = &body["detail"]["requestParameters"]["tagSet"]["items"];
    assert_eq!(*tags, json!([{ "key": "Cost-Centre", "value": "4711" }]));
    let split = &state.entry("split");
    assert_eq!((&split["count"]["N"], &split["attempts"]["N"]), (&json!("5"), &json!("1")));
    assert!(split.get("ended_us").is_some());
}

#[tokio::test]
async fn every_item_is_done_once_however_often_its_message_comes() {
    let world = World::new();
    world.invoke(&numbered(25), "splitter").await.unwrap();
    let queue = world.state().queue.clone();
    for request in ["first", "second"] {
        for (number, sent) in queue.iter().enumerate() {
            let message = delivered(sent, &number.to_string());
            // Twice in a batch, too.
            assert!(world.deliver(&[message.clone(), message], request).await.is_empty());
        }
    }
    let state = world.state();
    assert_eq!(state.log.len(), 26);
    for entry in state.log.values() {
        assert_eq!(entry["attempts"]["N"], "1");
        assert!(entry.get("ended_us").is_some());
    }
    assert!(state.entry("0000").get("queued_us").is_some());
    assert!(state.log.values().all(|entry| entry["environment"]["S"] == ENVIRONMENT), "each says who did it");
    // The environment's first invocation was the one that split.
    assert_eq!(
        (&state.entry("split")["cold"], &state.entry("0000")["cold"]),
        (&json!({ "BOOL": true }), &json!({ "BOOL": false }))
    );
}

#[tokio::test]
async fn an_item_that_another_invocation_is_at_comes_again() {
    let world = World::new();
    let entry =
        json!({ "attempts": { "N": "1" }, "worker": { "S": "other" }, "claimed_until_us": { "N": "1" } });
    world.state().log.insert(entry_of(ONE), entry);
    let failure = world.invoke(ONE, "r").await.unwrap_err().to_string();
    assert!(failure.contains("is being done by another invocation"), "{failure}");
    // Lambda's own retry: its predecessor is over.
    assert_eq!(world.invoke(ONE, "other").await.unwrap(), reply(200, 1, "handled 1 tag"));
    assert_eq!(world.state().entry("0000")["attempts"]["N"], "2");
}

#[tokio::test]
async fn what_a_partly_failed_batch_left_out_is_sent_again_and_nothing_else() {
    let world = World::new();
    world.state().failing = [("0001", (1, false)), ("0007", (2, false))].into();
    let answer = world.invoke(&numbered(10), "r").await.unwrap();
    assert_eq!(answer["count"], 10);
    let state = world.state();
    let expected: Vec<_> = (0..10).map(|item| format!("{item:04}")).collect();
    assert_eq!(ids(&state.queue), expected, "each once");
}

#[tokio::test]
async fn a_split_that_broke_off_is_continued_by_the_retry_of_the_event() {
    let world = World::new();
    world.state().failing = [("0002", (1, true)), ("0012", (1, true))].into();
    let failure = world.invoke(&numbered(25), "r").await.unwrap_err().to_string();
    assert!(failure.contains("items of run run-1 could not be queued: Broken: not now"), "{failure}");
    assert_eq!(world.state().queue.len(), 23, "the others are in the queue");
    let answer = world.invoke(&numbered(25), "r").await.unwrap();
    assert_eq!(answer, reply(202, 25, "split '25' tags into '25' queued messages"));
    let state = world.state();
    let expected: Vec<_> = (0..25).map(|item| format!("{item:04}")).collect();
    assert_eq!(ids(&state.queue), expected, "each once");
    assert_eq!(state.entry("split")["attempts"]["N"], "2");
}

#[tokio::test]
async fn a_split_that_was_killed_is_continued_by_the_retry_of_the_event() {
    let world = World::new();
    world.state().failing = [("0007", (usize::MAX, false))].into();
    let event = numbered(25);
    let killed = tokio::time::timeout(Duration::from_millis(300), world.invoke(&event, "r"));
    assert!(killed.await.is_err(), "it tries item 7 again and again");
    world.state().failing.clear();
    assert_eq!(world.invoke(&event, "r").await.unwrap()["count"], 25);
    assert_eq!(ids(&world.state().queue).len(), 25, "each once");
}

#[tokio::test]
async fn an_event_that_comes_again_is_split_once() {
    let world = World::new();
    let first = world.invoke(FIVE, "a").await.unwrap();
    assert_eq!(world.invoke(FIVE, "b").await.unwrap(), first);
    assert_eq!(world.state().queue.len(), 5);
}

#[tokio::test]
async fn a_message_that_would_be_split_again_goes_to_the_dead_letters() {
    let world = World::new();
    let five = delivered(&json!({ "MessageBody": FIVE }), "m-five");
    let broken = delivered(&json!({ "MessageBody": "no event" }), "m-broken");
    assert!(world.deliver(&[five, broken], "r").await.is_empty(), "they don't come again");
    let state = world.state();
    assert!(state.queue.is_empty() && state.log.is_empty());
    let dead = |index: usize, name: &str| {
        let letter = &state.dead[index];
        assert_eq!(letter["QueueUrl"], "https://sqs/dead");
        letter["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        dead(0, "Reason"),
        "the queue is for events of 1 tag, but this one has 5: it isn't split again"
    );
    assert_eq!((dead(0, "MessageId"), &state.dead[0]["MessageBody"]), ("m-five".to_owned(), &json!(FIVE)));
    assert!(dead(1, "Reason").starts_with("invalid event argument: it cannot be read: "));
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_is_put_aside_with_its_id_and_the_reason() {
    let no_parameters = ONE.replace("\"requestParameters\"", "\"others\"");
    let no_tags = ONE.replace("\"tagSet\"", "\"others\"");
    let null = json!({ "id": "e", "source": "aws.ec2", "detail": { "eventName": "CreateTags", "requestParameters": null } });
    let mut numeric = null.clone();
    numeric["detail"]["requestParameters"] = json!({ "tagSet": { "items": [{ "key": 7 }] } });
    let mut empty = numeric.clone();
    empty["detail"]["requestParameters"] = json!({ "tagSet": { "items": [{ "key": "k" }] } });
    empty["detail"]["run"] = json!("");
    let one = "6f87d04b-9f74-4f04-a780-7acf4b0a9b38";
    for (event, id, reason) in [
        (no_parameters, one, "invalid type: null, expected struct Parameters"),
        (no_tags, one, "missing field `tagSet`"),
        (null.to_string(), "e", "invalid type: null, expected struct Parameters"),
        (numeric.to_string(), "e", "invalid type: integer `7`, expected a string"),
        (empty.to_string(), "e", "the name of a run must have 1 to 256 bytes"),
        ("[]".to_owned(), "r", "invalid length 0"),
        ("\"text\"".to_owned(), "r", "invalid type: string"),
    ] {
        let world = World::new();
        assert_eq!(world.invoke(&event, "r").await.unwrap()["statusCode"], 400);
        let state = world.state();
        let letter = &state.dead[0];
        let said = |name: &str| letter["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned();
        assert_eq!(
            (letter["MessageBody"].as_str().unwrap(), said("MessageId").as_str()),
            (event.as_str(), id)
        );
        let given = said("Reason");
        assert!(given.starts_with("invalid event argument: ") && given.contains(reason), "{event}: {given}");
        assert!(state.log.is_empty());
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_put_aside_comes_again() {
    let world = World::new();
    world.state().dead_is_away = true;
    let failure = world.invoke("[]", "r").await.unwrap_err().to_string();
    assert!(failure.starts_with("cannot send message r to the dead-letter queue"), "{failure}");
}

#[tokio::test]
async fn an_event_whose_messages_the_queue_does_not_take_is_put_aside_as_a_whole() {
    let world = World::new();
    let long = "v".repeat(MAX_MESSAGE_BYTES);
    let event = numbered(5).replace("\"value\":\"v\"}]", &format!("\"value\":\"{long}\"}}]"));
    assert_eq!(world.invoke(&event, "r").await.unwrap(), reply(400, 0, "invalid event argument"));
    let state = world.state();
    assert!(state.log.is_empty() && state.queue.is_empty(), "nothing of it is half done");
    let letter = &state.dead[0];
    let reason = letter["MessageAttributes"]["Reason"]["StringValue"].as_str().unwrap();
    assert!(
        reason.starts_with("invalid event argument: the message of item 0004 would have 1048"),
        "{reason}"
    );
    assert!(reason.ends_with("bytes are here)") && letter.to_string().len() < MAX_MESSAGE_BYTES, "{reason}");
    assert_eq!(letter["MessageAttributes"]["Run"]["StringValue"], "run-1");
}

#[tokio::test]
async fn messages_of_one_event_id_without_attributes_are_an_item_each() {
    let world = World::new();
    let messages: Vec<_> = (0..5)
        .map(|number| {
            let body = ONE.replace("\"Owner\"", &format!("\"Owner-{number}\""));
            delivered(&json!({ "MessageBody": body }), &format!("m-{number}"))
        })
        .collect();
    for _ in 0..2 {
        assert!(world.deliver(&messages, "r").await.is_empty());
    }
    let state = world.state();
    assert_eq!((state.log.len(), state.worked()), (5, 5), "each once");
}

#[tokio::test]
async fn a_message_whose_attributes_cannot_be_is_put_aside_alone_and_at_once() {
    let world = World::new();
    world.invoke(&numbered(10), "splitter").await.unwrap();
    let queue = world.state().queue.clone();
    let mut messages: Vec<_> =
        queue.iter().map(|sent| delivered(sent, sent["Id"].as_str().unwrap())).collect();
    let set = |message: &mut Value, name: &str, value: &str| {
        message["messageAttributes"][name] = json!({ "stringValue": value, "dataType": "String" });
    };
    set(&mut messages[1], "SentAt", "soon");
    set(&mut messages[3], "Run", &"x".repeat(3000));
    set(&mut messages[5], "Item", "first");
    assert!(world.deliver(&messages, "r").await.is_empty(), "none comes again");
    let state = world.state();
    assert_eq!(state.worked(), 7);
    let reasons: Vec<_> = state
        .dead
        .iter()
        .map(|letter| letter["MessageAttributes"]["Reason"]["StringValue"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        [
            "the message attribute SentAt is 'soon', but must be a whole number of µs since 1970",
            "the message attribute Run cannot be used: the name of a run must have 1 to 256 bytes and no control \
             characters; this one has 3000 bytes",
            "the message attribute Item is 'first', but must be an item's id, such as 0007",
        ]
    );
}

#[tokio::test]
async fn events_that_name_the_same_run_but_other_tags_are_split_each() {
    let world = World::new();
    for prefix in ["a", "b"] {
        let answer =
            world.invoke(&many((0..3).map(|number| format!("{prefix}{number}"))), prefix).await.unwrap();
        assert_eq!(answer["count"], 3);
        world.invoke(&many([prefix.to_owned()]), prefix).await.unwrap();
    }
    let state = world.state();
    assert_eq!((state.queue.len(), state.worked()), (6, 2));
}

#[tokio::test]
async fn a_message_that_python_wrote_is_handled() {
    let world = World::new();
    let message = delivered(&json!({ "MessageBody": PYTHON }), "m");
    assert!(world.deliver(&[message], "r").await.is_empty());
    let state = world.state();
    assert!(state.dead.is_empty());
    assert!(state.entry("m").get("ended_us").is_some());
}

#[tokio::test]
async fn a_poisoned_item_fails_each_time_and_stops_no_other() {
    let world = World::new();
    world.invoke(&many(["a", "lambench:poison", "b"].map(str::to_owned)), "s").await.unwrap();
    let queue = world.state().queue.clone();
    let messages: Vec<_> = queue.iter().map(|sent| delivered(sent, sent["Id"].as_str().unwrap())).collect();
    for (receive, request) in ["1", "2", "3", "4"].into_iter().enumerate() {
        assert_eq!(world.deliver(&messages, request).await, ["0001"]);
        assert_eq!(world.state().entry("0001")["attempts"]["N"], (receive + 1).to_string());
    }
    let state = world.state();
    assert!(state.entry("0001").get("ended_us").is_none());
    assert_eq!(
        (&state.entry("0000")["attempts"]["N"], &state.entry("0002")["attempts"]["N"]),
        (&json!("1"), &json!("1"))
    );
    assert!(state.dead.is_empty(), "SQS moves it");
}

#[tokio::test]
async fn an_item_for_which_there_is_no_time_is_not_started() {
    let world = World::new();
    let event = numbered(1).replace("\"eventName\"", "\"itemSeconds\":20,\"eventName\"");
    let failure = world.invoke_for(&event, Duration::from_secs(10)).await.unwrap_err().to_string();
    assert!(failure.starts_with("the item takes 20s and its invocation has 9.9"), "{failure}");
    assert!(world.state().log.is_empty());
}
