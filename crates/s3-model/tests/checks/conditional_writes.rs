//! Writes on conditions: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
//!
//! What happens in between is as recorded from S3 (<https://github.com/localstack/localstack>,
//! `tests/aws/services/s3/test_s3_api.snapshot.json`, `TestS3ObjectWritePrecondition`, 2025).

use aws_sdk_s3::error::ProvideErrorMetadata;
use futures::future::join_all;

use crate::support::{OTHER, in_bucket, refused};

const FAILED: &str = "PreconditionFailed";
const CONFLICT: &str = "ConditionalRequestConflict";

#[tokio::test]
async fn if_none_match_puts_only_what_is_not_there() {
    in_bucket(async |s3| {
        s3.put("key", "first").if_none_match("*").send().await.unwrap();
        refused(s3.put("key", "second").if_none_match("*").send().await, 412, FAILED);
        assert_eq!(s3.content("key").await, "first");
        s3.delete("key").await;
        s3.put("key", "third").if_none_match("*").send().await.unwrap();
        assert_eq!(s3.content("key").await, "third");
    })
    .await;
}

#[tokio::test]
async fn if_none_match_of_a_put_takes_only_a_star() {
    in_bucket(async |s3| {
        refused(s3.put("key", "content").if_none_match(OTHER).send().await, 501, "NotImplemented");
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn if_match_puts_only_over_that_object() {
    in_bucket(async |s3| {
        refused(s3.put("key", "first").if_match(OTHER).send().await, 404, "NoSuchKey");
        let etag = s3.put("key", "first").send().await.unwrap().e_tag.unwrap();
        refused(s3.put("key", "second").if_match(OTHER).send().await, 412, FAILED);
        assert_eq!(s3.content("key").await, "first");
        s3.put("key", "second").if_match(etag).send().await.unwrap();
        assert_eq!(s3.content("key").await, "second");
    })
    .await;
}

#[tokio::test]
async fn if_match_of_a_put_takes_no_star() {
    in_bucket(async |s3| {
        s3.put("key", "first").send().await.unwrap();
        refused(s3.put("key", "second").if_match("*").send().await, 501, "NotImplemented");
        assert_eq!(s3.content("key").await, "first");
    })
    .await;
}

#[tokio::test]
async fn two_conditions_at_once_are_not_implemented() {
    in_bucket(async |s3| {
        refused(
            s3.put("key", "content").if_match(OTHER).if_none_match("*").send().await,
            501,
            "NotImplemented",
        );
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn of_many_puts_at_once_one_is_first() {
    in_bucket(async |s3| {
        let puts = (0..8).map(|number| s3.put("key", number.to_string()).if_none_match("*").send());
        let results = join_all(puts).await;
        let first: Vec<_> = (0..8).filter(|number| results[*number].is_ok()).collect();
        assert_eq!(first.len(), 1, "{results:?}");
        for refusal in results.iter().filter_map(|result| result.as_ref().err()) {
            assert!([Some(FAILED), Some(CONFLICT)].contains(&refusal.code()), "{refusal:?}");
        }
        assert_eq!(s3.content("key").await, first[0].to_string());
    })
    .await;
}

#[tokio::test]
async fn if_none_match_completes_only_what_is_not_there() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        upload.complete(&[upload.add(1, "first").await]).if_none_match("*").send().await.unwrap();
        let upload = s3.upload("key").await;
        let parts = [upload.add(1, "second").await];
        refused(upload.complete(&parts).if_none_match("*").send().await, 412, FAILED);
        assert_eq!(s3.content("key").await, "first");
        assert_eq!(s3.uploads().await, [upload.id]);
    })
    .await;
}

#[tokio::test]
async fn an_object_put_during_the_upload_stops_if_none_match() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let parts = [upload.add(1, "upload").await];
        s3.put("key", "put").send().await.unwrap();
        refused(upload.complete(&parts).if_none_match("*").send().await, 412, FAILED);
        assert_eq!(s3.content("key").await, "put");
    })
    .await;
}

#[tokio::test]
async fn an_object_deleted_during_the_upload_is_a_conflict() {
    in_bucket(async |s3| {
        s3.put("key", "put").send().await.unwrap();
        let upload = s3.upload("key").await;
        let parts = [upload.add(1, "upload").await];
        s3.delete("key").await;
        refused(upload.complete(&parts).if_none_match("*").send().await, 409, CONFLICT);
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn if_match_completes_only_over_that_object() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let parts = [upload.add(1, "upload").await];
        refused(upload.complete(&parts).if_match(OTHER).send().await, 404, "NoSuchKey");
        let etag = s3.put("key", "put").send().await.unwrap().e_tag.unwrap();
        let upload = s3.upload("key").await;
        let parts = [upload.add(1, "upload").await];
        refused(upload.complete(&parts).if_match(OTHER).send().await, 412, FAILED);
        assert_eq!(s3.content("key").await, "put");
        upload.complete(&parts).if_match(etag).send().await.unwrap();
        assert_eq!(s3.content("key").await, "upload");
    })
    .await;
}

#[tokio::test]
async fn an_object_put_during_the_upload_is_a_conflict_for_if_match() {
    in_bucket(async |s3| {
        s3.put("key", "put").send().await.unwrap();
        let upload = s3.upload("key").await;
        let parts = [upload.add(1, "upload").await];
        let etag = s3.put("key", "put again").send().await.unwrap().e_tag.unwrap();
        refused(upload.complete(&parts).if_match(etag).send().await, 409, CONFLICT);
        assert_eq!(s3.content("key").await, "put again");
    })
    .await;
}
