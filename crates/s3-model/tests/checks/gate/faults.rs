//! Each kind of fault, as a client meets it.

use std::time::{Duration, Instant};

use super::model::{BUCKET, Model};
use super::raw;

const MIB: usize = 1 << 20;

/// Bytes of which no two neighbours are alike.
fn content(length: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(length).collect()
}

#[tokio::test]
async fn a_503_is_a_slow_down_and_the_next_request_is_answered() {
    let model = Model::instant().await;
    model.put("key", b"content").await;
    model.set_faults(r#"[{"kind": "503", "operations": ["GetObject"], "count": 1}]"#);
    assert_eq!(model.try_get("key").await, Err("SlowDown".to_owned()));
    assert_eq!(model.try_get("key").await, Ok(b"content".to_vec()));
    assert_eq!(model.counter("GetObject", "faults"), 1);
    assert_eq!(model.counter("GetObject", "slow_downs"), 0, "no prefix had too many requests");
}

#[tokio::test]
async fn a_500_is_an_internal_error_and_the_operation_is_not_done() {
    let model = Model::instant().await;
    model.set_faults(r#"[{"kind": "500", "operations": ["PutObject"]}]"#);
    assert_eq!(model.try_put("key", b"content").await, Err("InternalError".to_owned()));
    assert_eq!(model.try_get("key").await, Err("NoSuchKey".to_owned()));
}

#[tokio::test]
async fn a_client_that_sends_a_large_body_reads_the_refusal() {
    let model = Model::instant().await;
    model.set_faults(r#"[{"kind": "503"}]"#);
    for _ in 0..5 {
        assert_eq!(model.try_put("key", &content(20 * MIB)).await, Err("SlowDown".to_owned()));
    }
    assert!(
        model.counter("PutObject", "bytes_in") >= 5 * 20 * MIB as u64,
        "the bodies count though they are refused"
    );
}

#[tokio::test]
async fn a_key_pattern_spares_the_other_keys() {
    let model = Model::instant().await;
    model.set_faults(r#"[{"kind": "503", "key": "in/*.json"}]"#);
    assert_eq!(model.try_put("in/deep/a.json", b"").await, Err("SlowDown".to_owned()));
    assert_eq!(model.try_put("in/a.txt", b"").await, Ok(()));
    assert_eq!(model.try_put("out/a.json", b"").await, Ok(()));
}

#[tokio::test]
async fn a_reset_comes_in_the_midst_of_the_body() {
    let model = Model::instant().await;
    model.put("key", &content(MIB)).await;
    model.set_faults(r#"[{"kind": "reset"}]"#);
    let received = raw::get(&model, "key").await;
    assert!(received.reset, "the connection was closed instead");
    assert!(received.body.len() <= MIB / 2, "{} bytes came", received.body.len());
    assert_eq!(model.try_get("key").await, Err("broken".to_owned()));
}

#[tokio::test]
async fn a_reset_without_a_body_hides_that_the_operation_is_done() {
    let model = Model::instant().await;
    model.set_faults(r#"[{"kind": "reset", "operations": ["PutObject"]}]"#);
    assert_eq!(model.try_put("key", b"content").await, Err("no answer".to_owned()));
    assert_eq!(model.try_get("key").await, Ok(b"content".to_vec()));
}

#[tokio::test]
async fn a_truncated_body_is_half_of_what_its_headers_promise() {
    let model = Model::instant().await;
    model.put("key", &content(8 * MIB)).await;
    model.set_faults(r#"[{"kind": "truncate"}]"#);
    let received = raw::get(&model, "key").await;
    assert!(!received.reset, "the connection was reset instead");
    assert_eq!(received.header("content-length"), (8 * MIB).to_string());
    assert!(received.body == content(8 * MIB)[..4 * MIB], "{} bytes came", received.body.len());
    assert_eq!(model.try_get("key").await, Err("broken".to_owned()));
}

#[tokio::test]
async fn a_wrong_byte_is_found_by_the_checksum_alone() {
    let model = Model::instant().await;
    model.put("key", &content(MIB)).await;
    let right = raw::get(&model, "key").await;
    assert!(right.body == content(MIB));
    model.set_faults(r#"[{"kind": "wrong-byte"}]"#);
    let wrong = raw::get(&model, "key").await;
    assert_eq!(wrong.header("x-amz-checksum-crc32"), right.header("x-amz-checksum-crc32"));
    assert_eq!(wrong.header("etag"), right.header("etag"));
    let differ = wrong.body.iter().zip(&right.body).filter(|(wrong, right)| wrong != right).count();
    assert_eq!((wrong.body.len(), differ), (MIB, 1));
    assert_eq!(model.try_get("key").await, Err("broken".to_owned()), "the SDK checks the checksum");
}

#[tokio::test]
async fn a_stall_delays_the_body_and_loses_nothing() {
    let model = Model::instant().await;
    model.put("key", &content(MIB)).await;
    model.set_faults(r#"[{"kind": "stall", "seconds": 0.4}]"#);
    let start = Instant::now();
    assert!(model.try_get("key").await == Ok(content(MIB)));
    assert!(start.elapsed() >= Duration::from_millis(400));
    let start = Instant::now();
    model.client.head_object().bucket(BUCKET).key("key").send().await.unwrap();
    assert!(
        start.elapsed() >= Duration::from_millis(400),
        "a response without a body stalls before it starts"
    );
}

#[tokio::test]
async fn a_share_of_the_requests_fails_and_the_same_ones_in_each_run() {
    let fates = async || {
        let model = Model::instant().await;
        model.set_faults(r#"[{"kind": "503", "operations": ["PutObject"], "rate": 0.3}]"#);
        let mut refused = Vec::new();
        for n in 0..100 {
            refused.push(model.try_put(&n.to_string(), b"").await.is_err());
        }
        let count = refused.iter().filter(|refused| **refused).count();
        assert_eq!(model.counter("PutObject", "faults"), count as u64);
        assert!((15..45).contains(&count), "{count} of 100");
        refused
    };
    assert_eq!(fates().await, fates().await);
}

#[tokio::test]
async fn without_faults_everything_is_right_again() {
    let model = Model::instant().await;
    model.set_faults(r#"[{"kind": "503"}]"#);
    assert!(model.try_put("key", b"content").await.is_err());
    model.clear_faults();
    model.put("key", b"content").await;
    assert_eq!(model.admin("/faults"), serde_json::json!([]));
}
