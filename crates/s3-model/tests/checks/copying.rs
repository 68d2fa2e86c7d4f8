//! Copies of whole objects: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

use std::collections::HashMap;

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::MetadataDirective;
use bytes::Bytes;

use crate::support::{GIB, KEYS, MIB, OTHER, content, in_bucket, md5, refused, refused_saying, unused_name};

#[tokio::test]
async fn a_copy_has_the_content_and_the_metadata() {
    in_bucket(async |s3| {
        let put = s3.put("source", "content").content_type("text/plain").cache_control("no-cache");
        put.metadata("one", "1").send().await.unwrap();
        let result = s3.copy("source", "target").send().await.unwrap().copy_object_result.unwrap();
        assert_eq!(result.e_tag(), Some(md5("content").as_str()));
        let got = s3.get("target").send().await.unwrap();
        assert_eq!((got.e_tag(), got.last_modified()), (result.e_tag(), result.last_modified()));
        assert_eq!((got.content_type(), got.cache_control()), (Some("text/plain"), Some("no-cache")));
        assert_eq!(got.metadata(), Some(&HashMap::from([("one".into(), "1".into())])));
        assert_eq!(content(got).await, "content");
    })
    .await;
}

#[tokio::test]
async fn metadata_can_be_replaced() {
    in_bucket(async |s3| {
        let put = s3.put("source", "content").content_type("text/plain").cache_control("no-cache");
        put.metadata("one", "1").send().await.unwrap();
        let copy = s3.copy("source", "target").metadata_directive(MetadataDirective::Replace);
        copy.content_type("a/b").metadata("two", "2").send().await.unwrap();
        let got = s3.get("target").send().await.unwrap();
        assert_eq!((got.content_type(), got.cache_control()), (Some("a/b"), None));
        assert_eq!(got.metadata(), Some(&HashMap::from([("two".into(), "2".into())])));
        assert_eq!(content(got).await, "content");
    })
    .await;
}

#[tokio::test]
async fn a_copy_to_itself_must_change_something() {
    in_bucket(async |s3| {
        s3.put("key", "content").metadata("one", "1").send().await.unwrap();
        refused_saying(s3.copy("key", "key").send().await, 400, "InvalidRequest", "copy an object to itself");
        let kept = s3.head("key").send().await.unwrap();
        assert_eq!(kept.metadata(), Some(&HashMap::from([("one".into(), "1".into())])));
        let copy = s3.copy("key", "key").metadata_directive(MetadataDirective::Replace);
        copy.metadata("two", "2").send().await.unwrap();
        let got = s3.get("key").send().await.unwrap();
        assert_eq!(got.metadata(), Some(&HashMap::from([("two".into(), "2".into())])));
        assert_eq!(content(got).await, "content");
    })
    .await;
}

#[tokio::test]
async fn a_copy_outlives_its_source() {
    in_bucket(async |s3| {
        s3.put("source", "old").send().await.unwrap();
        s3.copy("source", "first").send().await.unwrap();
        s3.put("source", "new").send().await.unwrap();
        s3.copy("source", "second").send().await.unwrap();
        s3.delete("source").await;
        assert_eq!((s3.content("first").await, s3.content("second").await), ("old".into(), "new".into()));
    })
    .await;
}

#[tokio::test]
async fn a_copy_comes_from_another_bucket_too() {
    in_bucket(async |s3| {
        let other = s3.make_bucket(&s3.client, &s3.region).await;
        s3.put("key", "content").send().await.unwrap();
        let copy = s3.client.copy_object().bucket(&other).key("key").copy_source(s3.copy_source("key"));
        copy.send().await.unwrap();
        let got = s3.client.get_object().bucket(&other).key("key").send().await.unwrap();
        assert_eq!(content(got).await, "content");
    })
    .await;
}

#[tokio::test]
async fn conditions_on_the_source_are_kept() {
    in_bucket(async |s3| {
        let etag = s3.put("source", "content").send().await.unwrap().e_tag.unwrap();
        let modified = s3.head("source").send().await.unwrap().last_modified.unwrap();
        let earlier = DateTime::from_secs(modified.secs() - 3600);
        let copy = || s3.copy("source", "target");
        for broken in [
            copy().copy_source_if_match(OTHER),
            copy().copy_source_if_none_match(&etag),
            copy().copy_source_if_modified_since(modified),
            copy().copy_source_if_unmodified_since(earlier),
        ] {
            refused(broken.send().await, 412, "PreconditionFailed");
        }
        s3.assert_missing("target").await;
        for kept in [
            copy().copy_source_if_match(&etag),
            copy().copy_source_if_none_match(OTHER),
            copy().copy_source_if_modified_since(earlier),
            copy().copy_source_if_unmodified_since(modified),
        ] {
            kept.send().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_source_is_not_found() {
    in_bucket(async |s3| {
        refused(s3.copy("missing", "target").send().await, 404, "NoSuchKey");
        let copy = s3.client.copy_object().bucket(&s3.bucket).key("target");
        let source = format!("{}/key", unused_name());
        refused(copy.copy_source(source).send().await, 404, "NoSuchBucket");
        s3.assert_missing("target").await;
    })
    .await;
}

#[tokio::test]
async fn keys_of_sources_are_taken_literally() {
    in_bucket(async |s3| {
        for key in KEYS {
            s3.put(key, key).send().await.unwrap();
            s3.copy(key, "target").send().await.unwrap();
            assert_eq!(s3.content("target").await, key);
        }
    })
    .await;
}

#[tokio::test]
async fn a_source_over_5_gib_is_refused() {
    in_bucket(async |s3| {
        s3.put("8 MiB", Bytes::from(vec![0; 8 * MIB])).send().await.unwrap();
        for (source, target, count) in [("8 MiB", "1 GiB", 128), ("1 GiB", "5 GiB", 5)] {
            let upload = s3.upload(target).await;
            let mut parts = Vec::new();
            for number in 1..=count {
                parts.push(upload.add_copy(number, source).await);
            }
            upload.complete(&parts).send().await.unwrap();
        }
        let head = s3.head("5 GiB").send().await.unwrap();
        assert_eq!(head.content_length(), Some(i64::try_from(5 * GIB).unwrap()));
        s3.copy("5 GiB", "a copy of 5 GiB").send().await.unwrap();
        s3.put("1 byte", "1").send().await.unwrap();
        let upload = s3.upload("over 5 GiB").await;
        let parts = [upload.add_copy(1, "5 GiB").await, upload.add_copy(2, "1 byte").await];
        upload.complete(&parts).send().await.unwrap();

        let too_large = "larger than the maximum allowable size for a copy source: 5368709120";
        refused_saying(s3.copy("over 5 GiB", "target").send().await, 400, "InvalidRequest", too_large);
        let upload = s3.upload("target").await;
        refused_saying(upload.copy(1, "over 5 GiB").send().await, 400, "InvalidRequest", too_large);
        let range = upload.copy(1, "over 5 GiB").copy_source_range(format!("bytes=0-{}", 5 * GIB));
        refused_saying(range.send().await, 400, "InvalidRequest", too_large);
        upload.add_range(1, "over 5 GiB", 1, 5 * GIB).await;
        assert_eq!(upload.numbers().await, [1]);
        s3.assert_missing("target").await;
    })
    .await;
}
