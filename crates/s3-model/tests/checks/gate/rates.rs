//! Request rates of buckets.

use super::model::Model;

/// Slow enough that a test can send more, and without latency to speak of.
const PROFILE: &str = "
[latency.default]
p50_ms = 0.01
p99_ms = 0.01
[link]
bytes_per_second = 1e9
window_bytes = 1_048_576
[rate]
writes_per_second = 10
reads_per_second = 1_000_000
";

#[tokio::test]
async fn above_its_rate_a_bucket_answers_slow_down_and_others_do_not() {
    let model = Model::with_profile(PROFILE).await;
    let mut slowed = 0;
    let start = std::time::Instant::now();
    while slowed < 5 {
        match model.try_put("a/key", b"content").await {
            Ok(()) => {}
            Err(code) => {
                assert_eq!(code, "SlowDown");
                slowed += 1;
            }
        }
    }
    let done = model.counter("PutObject", "requests") - slowed;
    // A window of a second may have started with each second that has passed.
    assert!((10..=10 * (start.elapsed().as_secs() + 1)).contains(&done), "{done}");
    assert_eq!(model.counter("PutObject", "slow_downs"), slowed);
    assert_eq!(model.counter("PutObject", "faults"), 0);
    assert_eq!(model.try_put("b/key", b"content").await, Err("SlowDown".to_owned()), "whatever the prefix");
    model.client.create_bucket().bucket("other").send().await.unwrap();
    model.client.put_object().bucket("other").key("a/key").send().await.unwrap();
    assert_eq!(model.try_get("a/key").await, Ok(b"content".to_vec()), "reads have a rate of their own");
}
