//! Batches as the queue hands them over: what is stored, what comes again, what is given up, and why.

use std::time::Duration;

use md5::{Digest, Md5};

use crate::support::server::{Answer, Server, object};
use crate::support::{VARIANTS, World};
use protocol::s3_read::{HashAlgorithm, Variant, signed_body};
use serde_json::{Value, json};
use test_kit::awkward_keys::taken;

/// Enough for one attempt at what never answers.
const SHORT: Duration = Duration::from_millis(600);
const LONG: Duration = Duration::from_secs(30);

fn run(world: &World) -> String {
    format!("run-1#{}", world.variant)
}

/// An item without what differs from one delivery to the next.
fn lasting(mut item: Value) -> Value {
    for name in ["Run", "Variant", "FirstByteMs", "TotalMs", "StartedUs", "EndedUs"] {
        assert!(item.as_object_mut().unwrap().remove(name).is_some(), "{name} is missing");
    }
    item
}

#[tokio::test]
async fn both_variants_store_the_same_of_an_object() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        world.server.put("files/a b+ü.bin", &[object(b"content")]);
        assert!(world.read(&["files/a b+ü.bin"]).await.is_empty());
        let item = world.aws.item(&run(&world), "files/a b+ü.bin");
        assert_eq!(item["Variant"], json!({ "S": variant.name() }));
        assert_eq!(
            lasting(item),
            json!({
                "Fileurl": { "S": "files/a b+ü.bin" }, "Filesize": { "N": "7" },
                "Md5": { "S": "9a0364b9e99bb480dd25e1f0284c8555" }, "Bucket": { "S": "shop" },
                "SentUs": { "N": "1795255200000000" }, "Tries": { "N": "1" }, "Cold": { "BOOL": true },
                "MemoryMb": { "N": "512" }, "Worker": { "S": "2026/11/21/[$LATEST]0123" },
                "RequestId": { "S": "request-1" }, "MessageId": { "S": "0" },
            })
        );
        world.read(&["files/a b+ü.bin"]).await;
        assert_eq!(world.aws.item(&run(&world), "files/a b+ü.bin")["Cold"], json!({ "BOOL": false }));
        assert_eq!(world.aws.state().items.len(), 1, "an object that is delivered twice is one item");
        assert!(world.aws.state().dead.is_empty());
    }
}

#[tokio::test]
async fn both_variants_read_every_key_that_s3_takes() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        let keys = taken("");
        for key in &keys {
            world.server.put(key, &[object(b"content")]);
        }
        assert!(world.read(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await.is_empty());
        assert_eq!(world.aws.reasons(), [""; 0], "{variant}");
        let run = run(&world);
        for key in &keys {
            assert_eq!(world.aws.item(&run, key)["Fileurl"], json!({ "S": key }));
        }
    }
}

#[tokio::test]
async fn the_times_of_an_object_are_in_order() {
    let world = World::new(Variant::Signed).await;
    world.server.put("a", &[object(b"content")]);
    world.read(&["a"]).await;
    let item = world.aws.item(&run(&world), "a");
    let number = |name: &str| item[name]["N"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(0.0 < number("FirstByteMs") && number("FirstByteMs") <= number("TotalMs"), "{item}");
    assert!(number("StartedUs") + number("FirstByteMs") * 1000.0 <= number("EndedUs") + 1000.0, "{item}");
}

#[tokio::test]
async fn every_hash_has_its_attribute() {
    for (algorithm, attribute, hash) in [
        (HashAlgorithm::Crc32, "Crc32", "fec530a9"),
        (HashAlgorithm::Sha256, "Sha256", "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"),
    ] {
        let world = World::with(Variant::Sdk, algorithm, 1).await;
        world.server.put("a", &[object(b"content")]);
        world.read(&["a"]).await;
        assert_eq!(world.aws.item(&run(&world), "a")[attribute], json!({ "S": hash }));
    }
}

#[tokio::test]
async fn what_is_permanent_is_given_up_after_one_attempt_with_its_kind() {
    for variant in VARIANTS {
        for (kind, answer) in [
            ("expired", Answer::Error(403, "AccessDenied", "Request has expired")),
            ("expired", Answer::Error(400, "ExpiredToken", "The provided token has expired.")),
            ("missing", Answer::Error(404, "NoSuchKey", "The specified key does not exist.")),
            ("denied", Answer::Error(403, "AccessDenied", "Access Denied")),
        ] {
            let world = World::new(variant).await;
            world.server.put("a", &[answer]);
            world.server.put("b", &[object(b"content")]);
            assert!(world.read(&["a", "b"]).await.is_empty(), "{variant} {kind}");
            let reasons = world.aws.reasons();
            assert!(
                reasons.len() == 1 && reasons[0].starts_with(&format!("{kind}: ")),
                "{variant} {kind}: {reasons:?}"
            );
            assert_eq!(world.server.requests(), 2, "{variant} {kind} is not tried again");
            assert_eq!(world.aws.state().items.len(), 1, "the rest of the batch is read");
            let dead = &world.aws.state().dead[0];
            assert_eq!(dead["MessageBody"], json!(world.body("a")));
            assert_eq!(dead["MessageAttributes"]["MessageId"]["StringValue"], "0");
            assert_eq!(dead["MessageAttributes"]["Run"]["StringValue"], "run-1");
        }
    }
}

#[tokio::test]
async fn what_may_work_later_comes_again_and_is_given_up_with_its_kind_in_the_end() {
    for variant in VARIANTS {
        for (kind, answer) in [
            ("throttled", Answer::Error(503, "SlowDown", "Please reduce your request rate.")),
            ("throttled", Answer::Error(429, "TooManyRequests", "")),
            ("server", Answer::Error(500, "InternalError", "")),
            ("truncated", Answer::Truncated(b"conte".to_vec())),
            ("corrupt", Answer::Object(b"content".to_vec(), "0".repeat(32))),
            ("reset", Answer::Reset),
            ("timeout", Answer::Silence),
        ] {
            let world = World::new(variant).await;
            world.server.put("a", &[answer]);
            let bodies = [world.body("a")];
            assert_eq!(world.deliver(&bodies, 4, SHORT).await, [0], "{variant} {kind}");
            assert!(world.aws.state().dead.is_empty(), "{variant} {kind}");
            assert!(world.deliver(&bodies, 5, SHORT).await.is_empty(), "{variant} {kind}");
            let reasons = world.aws.reasons();
            assert!(
                reasons.len() == 1 && reasons[0].starts_with(&format!("{kind}: ")),
                "{variant} {kind}: {reasons:?}"
            );
            assert!(world.aws.state().items.is_empty());
        }
    }
}

#[tokio::test]
async fn what_went_wrong_is_told_though_time_is_up_during_another_attempt() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        world.server.put("a", &[Answer::Truncated(b"conte".to_vec()), Answer::Silence]);
        assert!(world.deliver(&[world.body("a")], 5, SHORT).await.is_empty());
        let reasons = world.aws.reasons();
        assert!(reasons.len() == 1 && reasons[0].starts_with("truncated: "), "{variant}: {reasons:?}");
    }
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        let bad = [
            Answer::Error(503, "SlowDown", ""),
            Answer::Reset,
            Answer::Truncated(b"conte".to_vec()),
            Answer::Object(b"content".to_vec(), "0".repeat(32)),
        ];
        world.server.put("a", &[&bad[..], &[object(b"content")]].concat());
        assert!(world.read(&["a"]).await.is_empty());
        let item = world.aws.item(&run(&world), "a");
        assert_eq!((&item["Tries"], &item["Filesize"]), (&json!({ "N": "5" }), &json!({ "N": "7" })));
        let total: f64 = item["TotalMs"]["N"].as_str().unwrap().parse().unwrap();
        assert!(total >= 750.0, "the pauses between attempts are part of what an object took: {total} ms");
    }
}

#[tokio::test]
async fn an_entity_tag_that_is_no_md5_is_not_compared() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        world.server.put("a", &[Answer::Object(b"content".to_vec(), format!("{}-2", "0".repeat(32)))]);
        assert!(world.read(&["a"]).await.is_empty());
        assert_eq!(world.aws.state().items.len(), 1);
    }
}

#[tokio::test]
async fn nothing_outside_of_the_bucket_is_fetched() {
    let world = World::new(Variant::Signed).await;
    let elsewhere = Server::start().await;
    elsewhere.put("a", &[object(b"secret")]);
    let host = world.server.url();
    let foreign = [
        elsewhere.object_url("a"),
        format!("{host}/other/a"),
        format!("{host}/shop/../other/a"),
        format!("{host}/shop/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ];
    let bodies: Vec<_> = foreign.iter().map(|url| signed_body(url)).collect();
    assert!(world.deliver(&bodies, 1, LONG).await.is_empty());
    let reasons = world.aws.reasons();
    assert!(
        reasons.len() == foreign.len() && reasons.iter().all(|reason| reason.starts_with("foreign: ")),
        "{reasons:?}"
    );
    assert_eq!((world.server.requests(), elsewhere.requests()), (0, 0));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new(Variant::Signed).await;
    let elsewhere = Server::start().await;
    elsewhere.put("a", &[object(b"secret")]);
    world.server.put("a", &[Answer::Redirect(elsewhere.object_url("a"))]);
    assert!(world.read(&["a"]).await.is_empty());
    assert!(world.aws.reasons()[0].starts_with("foreign: "), "{:?}", world.aws.reasons());
    assert_eq!(elsewhere.requests(), 0);
}

#[tokio::test]
async fn a_body_that_names_nothing_is_given_up() {
    for (variant, body) in [(Variant::Signed, "no Base64!"), (Variant::Signed, ""), (Variant::Sdk, "")] {
        let world = World::new(variant).await;
        assert!(world.deliver(&[body.to_owned()], 1, LONG).await.is_empty());
        assert!(world.aws.reasons()[0].starts_with("unreadable: "), "{:?}", world.aws.reasons());
        assert_eq!(world.server.requests(), 0);
    }
}

#[tokio::test]
async fn an_object_that_is_twice_in_a_batch_is_one_item() {
    let world = World::new(Variant::Sdk).await;
    world.server.put("a", &[object(b"content")]);
    assert!(world.read(&["a", "a"]).await.is_empty());
    assert_eq!(world.aws.state().items.len(), 1);
}

#[tokio::test]
async fn items_that_the_table_leaves_out_are_written_again() {
    let world = World::new(Variant::Sdk).await;
    for key in ["a", "b", "c"] {
        world.server.put(key, &[object(b"content")]);
    }
    world.aws.state().left_out = 2;
    assert!(world.read(&["a", "b", "c"]).await.is_empty());
    let state = world.aws.state();
    assert_eq!((state.items.len(), state.writes), (3, 3));
}

#[tokio::test]
async fn what_is_not_stored_is_not_read() {
    let world = World::new(Variant::Sdk).await;
    world.server.put("a", &[object(b"content")]);
    world.aws.state().table_is_away = true;
    let bodies = [world.body("a")];
    assert_eq!(world.deliver(&bodies, 1, SHORT).await, [0]);
    assert!(world.deliver(&bodies, 5, SHORT).await.is_empty());
    assert!(world.aws.reasons()[0].starts_with("unstored: "), "{:?}", world.aws.reasons());
}

#[tokio::test]
async fn an_item_that_the_table_never_takes_is_given_up_at_once_and_stops_no_other() {
    let world = World::new(Variant::Sdk).await;
    let keys: Vec<_> = (0..10).map(|number| format!("k{number}")).collect();
    for key in &keys {
        world.server.put(key, &[object(b"content")]);
    }
    world.aws.state().never_stored = ["k7".to_owned()].into();
    assert!(world.read(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await.is_empty());
    let reasons = world.aws.reasons();
    let reason = "unstorable: cannot write 1 items to the table read: ValidationException: not valid";
    assert_eq!((reasons.as_slice(), world.aws.state().items.len()), ([reason.to_owned()].as_slice(), 9));
}

#[tokio::test]
async fn a_message_whose_attributes_cannot_be_is_given_up_alone_and_before_anything_is_read() {
    for (name, value, reason) in [
        (
            "SentAt",
            "soon",
            "unreadable: the message attribute SentAt is 'soon', but must be a whole number of µs since 1970",
        ),
        (
            "SentAt",
            "1e15",
            "unreadable: the message attribute SentAt is '1e15', but must be a whole number of µs since 1970",
        ),
        (
            "Run",
            "a\u{1}",
            "unreadable: the message attribute Run cannot be used: the name of a run must have 1 to 256 bytes and no control \
             characters; this one has 2 bytes",
        ),
    ] {
        for variant in VARIANTS {
            let world = World::new(variant).await;
            let keys: Vec<_> = (0..10).map(|number| format!("k{number}")).collect();
            for key in &keys {
                world.server.put(key, &[object(b"content")]);
            }
            let bodies: Vec<_> = keys.iter().map(|key| world.body(key)).collect();
            let wrong = json!({ "stringValue": value, "dataType": "Number" });
            assert!(
                world
                    .deliver_with(&bodies, |id, message| {
                        if id == 3 {
                            message["messageAttributes"][name] = wrong.clone();
                        }
                    })
                    .await
                    .is_empty()
            );
            assert_eq!(world.aws.reasons(), [reason]);
            assert_eq!((world.aws.state().items.len(), world.server.requests()), (9, 9));
        }
    }
}

#[tokio::test]
async fn keys_are_read_alike_whatever_is_in_them() {
    let long = format!("files/{}", "é".repeat(509));
    assert_eq!(long.len(), 1024);
    let keys =
        ["//", "/a", "a//b", "a+b", "a%2Bb", "a%b", "a b", "a?b#c&d=e", "files/😀.bin", "e\u{301}", &long];
    for variant in VARIANTS {
        let world = World::new(variant).await;
        for (number, key) in keys.iter().enumerate() {
            world.server.put(key, &[object(number.to_string().as_bytes())]);
        }
        assert!(world.read(&keys).await.is_empty(), "{variant}");
        assert_eq!(world.aws.reasons(), [""; 0], "{variant}");
        for (number, key) in keys.iter().enumerate() {
            let expected = Md5::digest(number.to_string())
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .concat();
            assert_eq!(
                world.aws.item(&run(&world), key)["Md5"],
                json!({ "S": expected }),
                "{variant}: {key}"
            );
        }
    }
}

#[tokio::test]
async fn a_url_is_read_in_base64_as_programs_write_it() {
    let world = World::new(Variant::Signed).await;
    world.server.put("a", &[object(b"content")]);
    let body = world.body("a");
    let wrapped: String =
        body.as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat()).map(char::from).collect();
    assert!(world.deliver(&[wrapped, body.trim_end_matches('=').to_owned()], 1, LONG).await.is_empty());
    assert!(world.aws.reasons().is_empty(), "{:?}", world.aws.reasons());
}

#[tokio::test]
async fn a_message_that_cannot_be_put_aside_stays_in_the_queue() {
    let world = World::new(Variant::Sdk).await;
    world.aws.state().dead_is_away = true;
    assert_eq!(world.read(&["gone"]).await, [0]);
}

#[tokio::test]
async fn objects_of_a_batch_are_read_at_once_up_to_the_limit() {
    let world = World::with(Variant::Signed, HashAlgorithm::Md5, 2).await;
    let keys = ["a", "b", "c", "d", "e", "f"];
    for key in keys {
        world.server.put(key, &[object(b"content")]);
    }
    world.server.wait_for(2);
    assert!(world.read(&keys).await.is_empty());
    assert_eq!(world.server.most_under_way(), 2);
    assert_eq!(world.aws.state().items.len(), 6);
}
