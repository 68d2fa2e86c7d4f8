//! No message gets lost, whatever is in it: each is done, put aside, or of another type.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{World, delivered};

/// A message as anybody may send it.
#[derive(Debug, Clone)]
struct Message {
    /// The event's own id.
    id: &'static str,
    tags: Vec<(&'static str, &'static str)>,
    run: Option<&'static str>,
    item: Option<&'static str>,
    sent_at: Option<&'static str>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Json,
    Python,
    Malformed,
    OtherType,
}

/// What has to become of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Outcome {
    Done([String; 4]),
    PutAside,
    Ignored,
}

impl Message {
    fn message(&self, message_id: &str) -> Value {
        let items: Vec<_> =
            self.tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        let body = match self.kind {
            Kind::Malformed => {
                json!({ "id": self.id, "source": "aws.ec2", "detail": { "eventName": "CreateTags" } })
            }
            Kind::OtherType => json!({ "id": self.id, "source": "aws.s3", "detail": {} }),
            Kind::Json | Kind::Python => json!({
                "id": self.id, "source": "aws.ec2",
                "detail": { "eventName": "CreateTags", "requestParameters": { "tagSet": { "items": items } } },
            }),
        };
        let body = match self.kind {
            // No text in it needs another way to quote.
            Kind::Python => body.to_string().replace('"', "'"),
            _ => body.to_string(),
        };
        let attributes = [("Run", self.run), ("Item", self.item), ("SentAt", self.sent_at)];
        let attribute = |(name, value): (&str, Option<&str>)| {
            Some((name.to_owned(), json!({ "StringValue": value?, "DataType": "String" })))
        };
        let attributes: serde_json::Map<_, _> = attributes.into_iter().filter_map(attribute).collect();
        delivered(&json!({ "MessageBody": body, "MessageAttributes": attributes }), message_id)
    }

    fn outcome(&self, message_id: &str) -> Outcome {
        let is_wrong = self.run == Some("") || self.item == Some("first") || self.sent_at == Some("soon");
        match (self.kind, self.tags.as_slice()) {
            (Kind::OtherType, _) | (Kind::Json | Kind::Python, []) => Outcome::Ignored,
            (Kind::Malformed, _) | (_, [_, _, ..]) => Outcome::PutAside,
            _ if is_wrong => Outcome::PutAside,
            (_, [(key, value)]) => {
                let run = self.run.unwrap_or(self.id).to_owned();
                Outcome::Done(match self.item {
                    Some(item) => [run, item.to_owned(), (*key).to_owned(), (*value).to_owned()],
                    None => [run, message_id.to_owned(), String::new(), String::new()],
                })
            }
        }
    }
}

fn sent() -> impl Strategy<Value = Message> {
    let one = |values: &'static [&'static str]| prop::sample::select(values);
    let tag = || (one(&["Owner", "Team"]), one(&["a", "b"]));
    let tags = prop_oneof![8 => vec(tag(), 1), 1 => vec(tag(), 0), 1 => vec(tag(), 2..4)];
    let kinds = &[Kind::Json, Kind::Json, Kind::Json, Kind::Python, Kind::Malformed, Kind::OtherType];
    let attribute = |values| prop::option::of(one(values));
    (
        one(&["event-1", "event-2"]),
        tags,
        attribute(&["event-1", "run-1", "run-1", ""]),
        attribute(&["0000", "0001", "0001", "first"]),
        attribute(&["1795255200000000", "0", "soon"]),
        prop::sample::select(kinds.as_slice()),
    )
        .prop_map(|(id, tags, run, item, sent_at, kind)| Message { id, tags, run, item, sent_at, kind })
}

proptest! {
    #![proptest_config(test_kit::cases(64))]
    #[test]
    fn as_many_messages_as_come_in_are_done_or_put_aside(
        messages in vec((sent(), 1..3_usize), 1..25),
        batch in 1..10_usize,
    ) {
        let world = World::new();
        let numbered = messages.iter().enumerate().map(|(number, (sent, times))| (format!("m-{number}"), sent, *times));
        // SQS delivers some more than once.
        let deliveries: Vec<_> = numbered
            .flat_map(|(id, sent, times)| vec![(sent.message(&id), sent.outcome(&id)); times])
            .collect();
        let payloads: Vec<Value> = deliveries.iter().map(|(message, _)| message.clone()).collect();
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            for (number, batch) in payloads.chunks(batch).enumerate() {
                assert!(world.deliver(batch, &number.to_string()).await.is_empty(), "nothing fails here");
            }
        });
        let outcomes: Vec<_> = deliveries.into_iter().map(|(_, outcome)| outcome).collect();
        let done: HashSet<_> = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done(_))).collect();
        let state = world.state();
        prop_assert_eq!(state.worked(), done.len(), "{:?}", state.log);
        prop_assert!(state.log.values().all(|entry| entry["attempts"]["N"] == "1"));
        prop_assert_eq!(state.dead.len(), outcomes.iter().filter(|outcome| **outcome == Outcome::PutAside).count());
    }

    #[test]
    fn no_event_ends_the_function_or_gets_lost(text in any::<String>(), detail in any::<String>()) {
        for payload in [text.clone(), json!({ "source": "aws.ec2", "detail": { "eventName": "CreateTags", "requestParameters": detail } }).to_string()] {
            let world = World::new();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let answer = runtime.block_on(world.invoke(&payload, "r")).unwrap();
            prop_assert_eq!(&answer["statusCode"], 400);
            prop_assert_eq!(world.state().dead.len(), 1);
        }
    }
}
