//! What an event is taken for, and what becomes of it when it is split.

use std::collections::HashSet;

use lambda_kit::sqs::MAX_BYTES;
use proptest::prelude::*;
use protocol::splitter::entry_id;
use serde_json::{Value, json};

use super::*;
use crate::enqueue::batches;

const ONE: &str = include_str!("../../fixtures/one-tag.json");
const SOURCE: &str = "lambench.splitter";
const FIVE: &str = include_str!("../../fixtures/five-tags.json");

fn tags(text: &str) -> Event<'_> {
    match parse(text, SOURCE).unwrap() {
        Parsed::Tags(event) => event,
        Parsed::Ignored => panic!("it is of interest"),
    }
}

fn is_ignored(text: &str) -> bool {
    matches!(parse(text, SOURCE), Ok(Parsed::Ignored))
}

/// The event of one tag with some things different.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut event: Value = serde_json::from_str(ONE).unwrap();
    change(&mut event);
    event.to_string()
}

fn split(event: &str, index: usize) -> Value {
    serde_json::from_str(&tags(event).with_one(index)).unwrap()
}

#[test]
fn the_events_of_cloudtrail_are_understood() {
    let event = tags(ONE);
    assert_eq!((event.count(), event.run.as_str()), (1, "6f87d04b-9f74-4f04-a780-7acf4b0a9b38"));
    assert_eq!(event.item_time, None);
    assert_eq!(tags(FIVE).count(), 5);
    let deleted = changed(|event| event["detail"]["eventName"] = json!("DeleteTags"));
    assert_eq!(tags(&deleted).count(), 1);
}

#[test]
fn an_event_of_lambench_names_its_run_and_how_long_an_item_takes() {
    let event = changed(|event| {
        event["source"] = json!("lambench.splitter");
        event["detail"]["run"] = json!("lambench-20261121T100000000Z");
        event["detail"]["itemSeconds"] = json!(0.2);
    });
    let event = tags(&event);
    assert_eq!(event.run, "lambench-20261121T100000000Z");
    assert_eq!(event.item_time, Some(Duration::from_millis(200)));
}

#[test]
fn what_has_no_tags_to_handle_is_ignored() {
    assert!(is_ignored(include_str!("../../fixtures/ignored.json")));
    assert!(is_ignored(&changed(|event| event["source"] = json!("aws.s3"))));
    // A state change: no call at all.
    assert!(is_ignored(&changed(|event| event["detail"] = json!({ "state": "running" }))));
    let denied = |event: &mut Value| event["detail"]["errorCode"] = json!("Client.UnauthorizedOperation");
    assert!(is_ignored(&changed(denied)), "a call that failed has changed no tag");
    // How all tags of a resource are deleted.
    for tags in [json!({}), json!({ "items": [] })] {
        assert!(is_ignored(&changed(|event| event["detail"]["requestParameters"]["tagSet"] = tags)));
    }
}

#[test]
fn what_is_malformed_is_refused_with_the_reason() {
    let reason = |text: &str| parse(text, SOURCE).unwrap_err().to_string();
    assert!(reason(include_str!("../../fixtures/malformed.json")).contains("expected a sequence"));
    assert!(reason("").starts_with("it cannot be read: "));
    for text in ["null", "[]", "7", "\"text\"", "{", "{}", r#"{"source": "aws.ec2"}"#] {
        assert!(matches!(parse(text, SOURCE), Err(EventError::Form(_))), "{text}");
    }
    let parts: [fn(&mut Value); 5] = [
        |event| event["source"] = json!(1),
        |event| event["detail"] = json!("x"),
        |event| event["detail"]["requestParameters"] = Value::Null,
        |event| event["detail"]["requestParameters"] = json!({}),
        |event| event["detail"]["requestParameters"]["tagSet"]["items"] = json!([{ "value": "no key" }]),
    ];
    for part in parts {
        assert!(matches!(parse(&changed(part), SOURCE), Err(EventError::Form(_))));
    }
    assert_eq!(reason(&changed(|event| event["id"] = Value::Null)), "it has neither 'detail.run' nor 'id'");
    for run in [json!(""), json!("a\nb"), json!("\u{ffff}"), json!("x".repeat(257))] {
        assert!(matches!(
            parse(&changed(|event| event["detail"]["run"] = run), SOURCE),
            Err(EventError::Run(_))
        ));
    }
    assert_eq!(
        reason(&changed(|event| event["detail"]["itemSeconds"] = json!(901))),
        "'detail.itemSeconds' is 901, but must be from 0 to 900"
    );
}

#[test]
fn an_entry_of_the_run_log_is_of_the_tags_that_it_stands_for() {
    let (one, five) = (tags(ONE), tags(FIVE));
    assert_eq!(five.item_entry(3), tags(&five.with_one(3)).entry_of("0003", 0), "its message has the same");
    assert_eq!(entry_id(&five.item_entry(3)), "0003");
    assert_eq!(entry_id(&five.split_entry()), "split");
    let tag = |event: &mut Value, name: &str, value: Value| {
        event["detail"]["requestParameters"]["tagSet"]["items"][0][name] = value;
    };
    let key = changed(|event| tag(event, "key", json!("other")));
    let value = changed(|event| tag(event, "value", json!("other")));
    let none = changed(|event| tag(event, "value", Value::Null));
    let more = changed(|event| tag(event, "more", json!("what is no part of a tag")));
    let entries: HashSet<_> = [ONE, &key, &value, &none].map(|event| tags(event).item_entry(0)).into();
    assert_eq!(entries.len(), 4);
    assert_eq!(tags(&more).item_entry(0), one.item_entry(0));
}

#[test]
fn what_cannot_be_understood_is_known_by_what_it_says_of_itself() {
    let known = |text: &str| names(text);
    let malformed = include_str!("../../fixtures/malformed.json");
    assert!(known(malformed).id.is_some());
    let lambench = json!({ "detail": { "run": "run-1", "requestParameters": null } }).to_string();
    assert_eq!(known(&lambench), Names { id: None, run: Some("run-1".to_owned()) });
    for text in ["", "7", "[]", "\"x\"", r#"{"id": 7}"#, r#"{"id": "\u0000", "detail": {"run": ""}}"#] {
        assert_eq!(known(text), Names::default(), "{text}");
    }
}

#[test]
fn a_message_is_the_event_with_one_of_its_tags() {
    let mut expected: Value = serde_json::from_str(FIVE).unwrap();
    expected["detail"]["requestParameters"]["tagSet"]["items"] =
        json!([{ "key": "Note", "value": "snow ❄, \"quotes\" and a \\" }]);
    assert_eq!(split(FIVE, 4), expected);
}

#[test]
fn characters_that_no_queue_takes_are_escaped() {
    let event = changed(|event| event["detail"]["more"] = json!("\u{fffe}\u{ffff}"));
    assert!(sendable(&event).chars().all(|one| !NONCHARACTERS.contains(&one)));
    let same: Value = serde_json::from_str(&sendable(&event)).unwrap();
    assert_eq!(same, serde_json::from_str::<Value>(&event).unwrap());
    assert!(matches!(sendable(ONE), Cow::Borrowed(_)));
}

#[test]
fn a_tag_can_be_made_to_fail() {
    let key = |key: &'static str| {
        move |event: &mut Value| {
            event["detail"]["requestParameters"]["tagSet"]["items"][0]["key"] = json!(key);
        }
    };
    assert!(tags(&changed(key(POISON))).is_poison());
    assert!(!tags(&changed(key("lambench:poisoned"))).is_poison());
}

#[test]
fn batches_are_no_larger_than_sqs_takes() {
    let sizes = |count: usize, filling: usize| {
        let event = event(count, |_| "v".repeat(filling), &json!({}));
        let event = tags(&event);
        let batches = batches(&event, 0..count, MAX_BYTES).unwrap();
        batches.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(sizes(25, 10), [10, 10, 5]);
    assert_eq!(sizes(8, 200_000), [5, 3]);
    let event = event(2, |_| "v".repeat(MAX_BYTES), &json!({}));
    let error = batches(&tags(&event), 0..2, MAX_BYTES).unwrap_err().to_string();
    assert!(error.starts_with("the message of item 0000 would have 1048"), "{error}");
}

fn event(count: usize, value: impl Fn(usize) -> String, more: &Value) -> String {
    let items: Vec<_> =
        (0..count).map(|index| json!({ "key": format!("k{index}"), "value": value(index) })).collect();
    let parameters = json!({ "before": more, "tagSet": { "before": more, "items": items, "after": more } });
    json!({
        "after": more, "id": "run-1", "source": "lambench.splitter",
        "detail": { "eventName": "CreateTags", "after": more, "requestParameters": parameters },
    })
    .to_string()
}

/// Anything else that an event may have.
fn more() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,40}".prop_map(Value::String),
        any::<String>().prop_map(|text| json!({ "items": [{ "key": text }], "tagSet": {}, "[\"]": "}]," })),
        prop::collection::vec(any::<i32>(), 0..4).prop_map(|numbers| json!(numbers)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn each_item_is_in_exactly_one_message_which_is_otherwise_the_same_event(
        count in prop_oneof![2..40_usize, 2..1500_usize],
        texts in prop::collection::vec(prop_oneof!["\\PC{0,60}", any::<String>()], 1..20),
        more in more(),
        pretty in any::<bool>(),
    ) {
        let text = event(count, |index| texts[index % texts.len()].clone(), &more);
        let mut original: Value = serde_json::from_str(&text).unwrap();
        let text = if pretty { serde_json::to_string_pretty(&original).unwrap() } else { text };
        prop_assume!(text.len() <= 256 * 1024);
        let text = sendable(&text);
        let event = tags(&text);
        let batches = batches(&event, 0..count, MAX_BYTES).unwrap();
        prop_assert!(batches.iter().all(|batch| batch.len() <= 10));
        let list = original["detail"]["requestParameters"]["tagSet"]["items"].take();
        let mut sent = Vec::new();
        for batch in batches {
            let bodies: Vec<String> = batch.iter().map(|index| event.with_one(*index)).collect();
            prop_assert!(bodies.iter().map(String::len).sum::<usize>() <= MAX_BYTES);
            for (index, body) in batch.into_iter().zip(bodies) {
                prop_assert_eq!(body.len(), event.size_with_one(index));
                let mut message: Value = serde_json::from_str(&body).unwrap();
                sent.push(message["detail"]["requestParameters"]["tagSet"]["items"].take());
                prop_assert_eq!(&message, &original);
            }
        }
        let expected: Vec<Value> = list.as_array().unwrap().iter().map(|tag| json!([tag])).collect();
        prop_assert_eq!(sent, expected);
    }
}
