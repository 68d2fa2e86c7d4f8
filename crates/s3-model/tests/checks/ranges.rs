//! Parts of an object: ranges and part numbers.
//!
//! What is not asked: S3 ignores several ranges in one header, and what is no range; the model refuses them.

use bytes::Bytes;

use crate::support::{PART, content, in_bucket, multipart_etag, refused, unanswered};

const DIGITS: &str = "0123456789";

#[tokio::test]
async fn a_range_is_answered_with_its_bytes() {
    in_bucket(async |s3| {
        s3.put("key", DIGITS).send().await.unwrap();
        for (asked, expected, place) in [
            ("bytes=0-0", "0", "bytes 0-0/10"),
            ("bytes=2-5", "2345", "bytes 2-5/10"),
            ("bytes=5-", "56789", "bytes 5-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"),
            ("bytes=8-100", "89", "bytes 8-9/10"),
            ("bytes=-100", DIGITS, "bytes 0-9/10"),
        ] {
            let got = s3.get("key").range(asked).send().await.unwrap();
            assert_eq!(got.content_range(), Some(place));
            assert_eq!(content(got).await, expected);
            let head = s3.head("key").range(asked).send().await.unwrap();
            assert_eq!(head.content_length(), Some(i64::try_from(expected.len()).unwrap()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_range_outside_of_the_object_is_refused() {
    in_bucket(async |s3| {
        s3.put("key", DIGITS).send().await.unwrap();
        s3.put("empty", "").send().await.unwrap();
        for (key, asked) in [("key", "10-"), ("key", "100-200"), ("key", "-0"), ("empty", "0-0")] {
            let asked = format!("bytes={asked}");
            refused(s3.get(key).range(&asked).send().await, 416, "InvalidRange");
            unanswered(s3.head(key).range(&asked).send().await, 416);
        }
    })
    .await;
}

#[tokio::test]
async fn a_part_number_is_answered_with_that_part() {
    in_bucket(async |s3| {
        s3.put_in_parts("key", &[PART.clone(), Bytes::from("tail")]).await;
        let got = s3.get("key").part_number(2).send().await.unwrap();
        let (first, size) = (PART.len(), PART.len() + 4);
        assert_eq!(got.content_range(), Some(format!("bytes {first}-{}/{size}", size - 1).as_str()));
        assert_eq!(
            (got.parts_count(), got.e_tag()),
            (Some(2), Some(multipart_etag(&[&PART, b"tail"]).as_str()))
        );
        assert_eq!(content(got).await, "tail");
        let head = s3.head("key").part_number(1).send().await.unwrap();
        assert_eq!(
            (head.content_length(), head.parts_count()),
            (Some(i64::try_from(first).unwrap()), Some(2))
        );
    })
    .await;
}

#[tokio::test]
async fn an_object_put_at_once_is_its_part_1() {
    in_bucket(async |s3| {
        s3.put("key", DIGITS).send().await.unwrap();
        let got = s3.get("key").part_number(1).send().await.unwrap();
        assert_eq!(got.content_range(), Some("bytes 0-9/10"));
        assert_eq!(content(got).await, DIGITS);
        refused(s3.get("key").part_number(2).send().await, 416, "InvalidPartNumber");
    })
    .await;
}

#[tokio::test]
async fn a_part_number_and_a_range_exclude_each_other() {
    in_bucket(async |s3| {
        s3.put("key", DIGITS).send().await.unwrap();
        refused(s3.get("key").part_number(1).range("bytes=0-1").send().await, 400, "InvalidRequest");
    })
    .await;
}
