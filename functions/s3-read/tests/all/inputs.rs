//! Whatever is in a message, it is read, put aside or given back: no panic, no lost object, no request elsewhere.

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::s3_read::{Variant, signed_body};
use serde_json::{Value, json};

use crate::support::server::object;
use crate::support::{VARIANTS, World};

/// A message's body as anybody may send it.
#[derive(Debug, Clone)]
enum Body {
    /// The object that is there.
    Good,
    /// The same, as another program writes Base64.
    Wrapped(usize),
    Url(String),
    Text(String),
}

fn body() -> impl Strategy<Value = Body> {
    let hosts =
        &["http://127.0.0.1:1/shop/", "file:///", "http://[::1]/shop/", "http://a@127.0.0.1/shop/", "//", ""];
    prop_oneof![
        2 => Just(Body::Good),
        2 => (1..80_usize).prop_map(Body::Wrapped),
        2 => (prop::sample::select(&hosts[..]), any::<String>()).prop_map(|(host, rest)| Body::Url(format!("{host}{rest}"))),
        // What no server has: a key of XML's characters, as SQS hands it over.
        2 => "[a-z/.%+\\\\ é]{0,30}".prop_map(Body::Text),
        1 => any::<String>().prop_map(Body::Text),
    ]
}

fn attribute() -> impl Strategy<Value = Option<Value>> {
    let text = prop_oneof![
        Just("1795255200000000".to_owned()),
        Just("run-1".to_owned()),
        any::<String>(),
        "[0-9]{0,30}"
    ];
    prop::option::of(text.prop_map(|text| json!({ "stringValue": text, "dataType": "String" })))
}

proptest! {
    #![proptest_config(test_kit::cases(32))]
    #[test]
    fn each_message_is_an_item_or_a_dead_letter(
        messages in vec((body(), attribute(), attribute()), 1..10),
        is_signed in any::<bool>(),
    ) {
        let variant = VARIANTS[usize::from(!is_signed)];
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(async {
            let world = World::new(variant).await;
            world.server.put("good", &[object(b"content")]);
            let text = |body: &Body| match body {
                Body::Good => world.body("good"),
                Body::Wrapped(columns) if variant == Variant::Signed => {
                    world.body("good").as_bytes().chunks(*columns).flat_map(|line| [line, b"\n"].concat()).map(char::from).collect()
                }
                Body::Wrapped(_) => "good".to_owned(),
                Body::Url(url) if variant == Variant::Signed => signed_body(url),
                Body::Url(text) | Body::Text(text) => text.clone(),
            };
            let bodies: Vec<_> = messages.iter().map(|(body, ..)| text(body)).collect();
            let given_back = world.deliver_with(&bodies, |number, message| {
                let (_, run, sent_at) = &messages[number];
                for (name, value) in [("Run", run), ("SentAt", sent_at)] {
                    let attributes = message["messageAttributes"].as_object_mut().unwrap();
                    match value {
                        Some(value) => drop(attributes.insert(name.to_owned(), value.clone())),
                        None => drop(attributes.remove(name)),
                    }
                }
            }).await;
            let state = world.aws.state();
            let is_dead = |number: usize| {
                state.dead.iter().any(|letter| letter["MessageAttributes"]["MessageId"]["StringValue"] == *number.to_string())
            };
            let is_item = |number: usize| {
                let (body, run, sent_at) = &messages[number];
                let is_good = matches!(body, Body::Good | Body::Wrapped(_));
                let text = |value: &Option<Value>| value.as_ref().map(|value| value["stringValue"].as_str().unwrap().to_owned());
                let is_run = text(run).is_none_or(|run| protocol::run_name::check(&run).is_ok());
                is_good && is_run && text(sent_at).is_none_or(|at| protocol::decimal::parse(&at).is_some())
            };
            prop_assert!(given_back.is_empty(), "nothing here may work later: {:?}", given_back);
            for (number, message) in messages.iter().enumerate() {
                prop_assert!(is_dead(number) != is_item(number), "{}: {:?}", number, message);
            }
            let is_read = (0..messages.len()).any(is_item);
            prop_assert_eq!(is_read, !state.items.is_empty());
            Ok(())
        })?;
    }
}
