//! Objects: put, got, replaced, deleted.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::types::ServerSideEncryption;

use crate::support::{KEYS, content, in_bucket, md5, refused, unanswered};

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    in_bucket(async |s3| {
        let before = SystemTime::now() - Duration::from_mins(1);
        let put = s3
            .put("key", "content")
            .content_type("text/plain")
            .cache_control("max-age=60")
            .content_disposition("attachment; filename=\"a.txt\"")
            .content_encoding("identity")
            .content_language("de")
            .metadata("one", "1")
            .metadata("two", "with spaces");
        assert_eq!(put.send().await.unwrap().e_tag(), Some(md5("content").as_str()));
        let metadata = HashMap::from([("one".into(), "1".into()), ("two".into(), "with spaces".into())]);

        let head = s3.head("key").send().await.unwrap();
        assert_eq!((head.content_type(), head.cache_control()), (Some("text/plain"), Some("max-age=60")));
        assert_eq!(head.content_disposition(), Some("attachment; filename=\"a.txt\""));
        assert_eq!((head.content_encoding(), head.content_language()), (Some("identity"), Some("de")));
        assert_eq!((head.metadata(), head.accept_ranges()), (Some(&metadata), Some("bytes")));
        assert_eq!((head.e_tag(), head.content_length()), (Some(md5("content").as_str()), Some(7)));

        let got = s3.get("key").send().await.unwrap();
        assert_eq!((got.content_type(), got.cache_control()), (Some("text/plain"), Some("max-age=60")));
        assert_eq!(got.content_disposition(), Some("attachment; filename=\"a.txt\""));
        assert_eq!((got.content_encoding(), got.content_language()), (Some("identity"), Some("de")));
        assert_eq!((got.metadata(), got.accept_ranges()), (Some(&metadata), Some("bytes")));
        assert_eq!((got.e_tag(), got.content_length()), (Some(md5("content").as_str()), Some(7)));
        assert_eq!(got.last_modified(), head.last_modified());
        assert!(SystemTime::try_from(*got.last_modified().unwrap()).unwrap() > before);
        assert_eq!(content(got).await, "content");
    })
    .await;
}

#[tokio::test]
async fn an_object_that_kms_encrypts_says_so_has_another_etag_and_is_read_and_copied_as_any_other() {
    in_bucket(async |s3| {
        let put = s3.put("key", "content").server_side_encryption(ServerSideEncryption::AwsKms);
        let put = put.send().await.unwrap();
        assert_eq!(put.server_side_encryption(), Some(&ServerSideEncryption::AwsKms));
        assert!(put.ssekms_key_id().is_some_and(|key| key.starts_with("arn:aws:kms:")), "{put:?}");
        let etag = put.e_tag().unwrap().to_owned();
        assert_ne!(etag, md5("content"), "clients that take it for an MD5 are wrong here");
        assert_eq!(etag.len(), md5("content").len());

        let head = s3.head("key").send().await.unwrap();
        assert_eq!(head.server_side_encryption(), Some(&ServerSideEncryption::AwsKms));
        assert_eq!((head.e_tag(), head.ssekms_key_id()), (Some(etag.as_str()), put.ssekms_key_id()));
        let got = s3.get("key").if_match(&etag).send().await.unwrap();
        assert_eq!(got.server_side_encryption(), Some(&ServerSideEncryption::AwsKms));
        assert_eq!(content(got).await, "content");

        s3.copy("key", "copy").send().await.unwrap();
        let copy = s3.get("copy").send().await.unwrap();
        assert_ne!(
            copy.server_side_encryption(),
            Some(&ServerSideEncryption::AwsKms),
            "it was not asked for"
        );
        assert_eq!(content(copy).await, "content");
    })
    .await;
}

#[tokio::test]
async fn without_a_type_an_object_is_binary() {
    in_bucket(async |s3| {
        // The SDK adds a type to every PUT: it is taken away before the request is signed.
        let put = s3.put("key", "content").customize();
        put.mutate_request(|request| drop(request.headers_mut().remove("content-type")))
            .send()
            .await
            .unwrap();
        let head = s3.head("key").send().await.unwrap();
        assert_eq!(head.content_type(), Some("binary/octet-stream"));
    })
    .await;
}

#[tokio::test]
async fn a_request_can_set_the_headers_of_its_answer() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        let get = s3.get("key").response_content_type("text/html").response_content_disposition("inline");
        let got = get.send().await.unwrap();
        assert_eq!((got.content_type(), got.content_disposition()), (Some("text/html"), Some("inline")));
    })
    .await;
}

#[tokio::test]
async fn an_object_may_be_empty() {
    in_bucket(async |s3| {
        assert_eq!(s3.put("key", "").send().await.unwrap().e_tag(), Some(md5("").as_str()));
        let got = s3.get("key").send().await.unwrap();
        assert_eq!(got.content_length(), Some(0));
        assert_eq!(content(got).await, "");
    })
    .await;
}

#[tokio::test]
async fn keys_are_taken_literally() {
    in_bucket(async |s3| {
        for key in KEYS {
            s3.put(key, key).send().await.unwrap();
            assert_eq!(s3.content(key).await, key);
            assert_eq!(
                s3.head(key).send().await.unwrap().content_length(),
                Some(i64::try_from(key.len()).unwrap())
            );
        }
        let mut expected = KEYS.map(str::to_owned);
        expected.sort();
        assert_eq!(s3.keys().await, expected);
        for key in KEYS {
            s3.delete(key).await;
            s3.assert_missing(key).await;
        }
    })
    .await;
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>: 1,024 bytes of UTF-8
#[tokio::test]
async fn a_key_has_1024_bytes_at_most() {
    in_bucket(async |s3| {
        let longest = "ü".repeat(512);
        s3.put(&longest, "content").send().await.unwrap();
        assert_eq!(s3.content(&longest).await, "content");
        let longer = format!("{longest}x");
        refused(s3.put(&longer, "content").send().await, 400, "KeyTooLongError");
        refused(s3.new_upload(&longer).send().await, 400, "KeyTooLongError");
        assert_eq!(s3.keys().await, [longest]);
    })
    .await;
}

#[tokio::test]
async fn a_missing_key_is_not_found() {
    in_bucket(async |s3| {
        refused(s3.get("missing").send().await, 404, "NoSuchKey");
        unanswered(s3.head("missing").send().await, 404);
    })
    .await;
}

#[tokio::test]
async fn putting_again_replaces_everything() {
    in_bucket(async |s3| {
        s3.put("key", "old content").content_language("de").metadata("old", "1").send().await.unwrap();
        s3.put("key", "new").metadata("new", "2").send().await.unwrap();
        let got = s3.get("key").send().await.unwrap();
        assert_eq!((got.e_tag(), got.content_language()), (Some(md5("new").as_str()), None));
        assert_eq!(got.metadata(), Some(&HashMap::from([("new".into(), "2".into())])));
        assert_eq!(content(got).await, "new");
    })
    .await;
}

#[tokio::test]
async fn deleting_answers_the_same_whether_the_key_was_there() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        for _ in 0..2 {
            s3.delete("key").await;
            s3.assert_missing("key").await;
        }
    })
    .await;
}
