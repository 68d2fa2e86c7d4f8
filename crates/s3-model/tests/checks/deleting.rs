//! Many objects deleted at once: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>

use aws_sdk_s3::operation::delete_objects::builders::DeleteObjectsFluentBuilder;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::support::{S3, in_bucket, refused};

/// A request to delete these keys.
fn delete<K: Into<String>>(
    s3: &S3,
    keys: impl IntoIterator<Item = K>,
    quiet: bool,
) -> DeleteObjectsFluentBuilder {
    let keys = keys.into_iter().map(|key| ObjectIdentifier::builder().key(key).build().unwrap()).collect();
    let keys = Delete::builder().set_objects(Some(keys)).quiet(quiet).build().unwrap();
    s3.client.delete_objects().bucket(&s3.bucket).delete(keys)
}

#[tokio::test]
async fn named_keys_are_deleted_whether_they_were_there() {
    in_bucket(async |s3| {
        for key in ["a", "b", "c & ü"] {
            s3.put(key, "content").send().await.unwrap();
        }
        let answer = delete(s3, ["a", "missing", "c & ü"], false).send().await.unwrap();
        let mut deleted: Vec<_> = answer.deleted().iter().filter_map(|entry| entry.key()).collect();
        deleted.sort_unstable();
        assert_eq!(deleted, ["a", "c & ü", "missing"]);
        assert_eq!(answer.errors(), []);
        assert_eq!(s3.keys().await, ["b"]);
    })
    .await;
}

#[tokio::test]
async fn quiet_names_only_failures() {
    in_bucket(async |s3| {
        s3.put("a", "content").send().await.unwrap();
        let answer = delete(s3, ["a", "missing"], true).send().await.unwrap();
        assert_eq!((answer.deleted(), answer.errors()), ([].as_slice(), [].as_slice()));
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_request_has_1000_keys_at_most() {
    in_bucket(async |s3| {
        s3.put("0", "content").send().await.unwrap();
        let numbers = |count: usize| (0..count).map(|number| number.to_string());
        refused(delete(s3, numbers(1001), false).send().await, 400, "MalformedXML");
        assert_eq!(s3.keys().await, ["0"]);
        assert_eq!(delete(s3, numbers(1000), false).send().await.unwrap().deleted().len(), 1000);
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_request_needs_a_key() {
    in_bucket(async |s3| {
        refused(delete(s3, [""; 0], false).send().await, 400, "MalformedXML");
    })
    .await;
}
