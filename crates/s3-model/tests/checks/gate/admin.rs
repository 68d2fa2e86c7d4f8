//! The admin endpoint.

use serde_json::json;

use super::model::{BUCKET, Model};

#[tokio::test]
async fn what_was_asked_is_counted_by_operation_and_access_key() {
    let model = Model::instant().await;
    model.reset();
    model.put("key", &[7; 1_000]).await;
    model.put("key", &[8; 1_000]).await;
    assert_eq!(model.try_get("key").await.unwrap().len(), 1_000);
    assert_eq!(model.try_get("missing").await, Err("NoSuchKey".to_owned()));
    let counted = |operation, name| model.counter(operation, name);
    assert_eq!((counted("PutObject", "requests"), counted("GetObject", "requests")), (2, 2));
    let [put, got] = [counted("PutObject", "bytes_in"), counted("GetObject", "bytes_out")];
    assert!((2_000..3_000).contains(&put), "{put}: two objects and their chunks' frames");
    assert!((1_000..2_000).contains(&got), "{got}: an object and an error");
    let store = &model.admin("/counters")["store"];
    assert_eq!((&store["objects"], &store["object_bytes"]), (&json!(1), &json!(1_000)));
}

#[tokio::test]
async fn a_request_with_an_unknown_key_counts_as_rejected() {
    let model = Model::instant().await;
    let stranger = aws_sdk_s3::config::Credentials::new("stranger", "secret", None, None, "test");
    let change = model.client.config().to_builder().credentials_provider(stranger);
    let client = aws_sdk_s3::Client::from_conf(change.build());
    client.list_objects_v2().bucket(BUCKET).send().await.unwrap_err();
    let counters = model.admin("/counters");
    let rows = counters["requests"].as_array().unwrap();
    let rejected = rows.iter().find(|row| row["operation"] == "Rejected").unwrap();
    assert_eq!((&rejected["access_key"], &rejected["requests"]), (&json!(""), &json!(1)));
}

#[tokio::test]
async fn open_uploads_and_connections_are_told() {
    let model = Model::instant().await;
    let create = model.client.create_multipart_upload().bucket(BUCKET).key("key").send().await.unwrap();
    assert_eq!(model.admin("/counters")["store"]["open_uploads"], 1);
    let id = create.upload_id().unwrap();
    model.client.abort_multipart_upload().bucket(BUCKET).key("key").upload_id(id).send().await.unwrap();
    assert_eq!(model.admin("/counters")["store"]["open_uploads"], 0);
    assert!(model.admin("/counters")["connections"]["peak"].as_u64().unwrap() >= 1);
    let port = std::net::TcpStream::connect(endpoint(&model)).unwrap();
    let current = |model: &Model| model.admin("/counters")["connections"]["current"].as_u64().unwrap();
    model.wait_for("the connection counts", |model| current(model) >= 2);
    let open = current(&model);
    drop(port);
    model.wait_for("it counts no more", |model| current(model) == open - 1);
}

fn endpoint(model: &Model) -> String {
    model.endpoint.trim_start_matches("http://").to_owned()
}

#[tokio::test]
async fn a_reset_starts_the_counters_again() {
    let model = Model::instant().await;
    model.put("key", b"content").await;
    model.reset();
    assert_eq!(model.counter("PutObject", "requests"), 0);
    model.put("key", b"content").await;
    assert_eq!(model.counter("PutObject", "requests"), 1);
}

#[tokio::test]
async fn a_rule_that_could_never_strike_is_refused_with_the_reason() {
    let model = Model::instant().await;
    model.set_faults(r#"[{"kind": "503", "key": "never"}]"#);
    for (rules, reason) in [
        (r#"[{"kind": "503", "operations": ["GetObjekt"]}]"#, "GetObjekt"),
        (r#"[{"kind": "truncate", "operations": ["HeadObject"]}]"#, "without a body"),
        (r#"[{"kind": "stall"}]"#, "seconds"),
        (r#"[{"kind": "sloth"}]"#, "sloth"),
        (r#"{"kind": "503"}"#, "list"),
    ] {
        let (status, answer) = model.try_set_faults(rules);
        assert!(status == 400 && answer.contains(reason), "{rules}: {status} {answer}");
    }
    let kept = json!([{"operations": [], "key": "never", "kind": "503", "rate": 1.0, "injected": 0}]);
    assert_eq!(model.admin("/faults"), kept, "the rules stay as they were");
}

#[tokio::test]
async fn the_constants_and_the_seed_are_told() {
    let model = Model::instant().await;
    assert_eq!(model.admin_text("/health"), "ok\n");
    let profile = model.admin("/profile");
    assert_eq!(profile["latency"]["GetObject"]["p50_ms"], 30.0);
    assert_eq!((&profile["seed"], &profile["instant"]), (&json!(0), &json!(true)));
}
