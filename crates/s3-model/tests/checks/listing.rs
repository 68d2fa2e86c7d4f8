//! Lists of objects: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::operation::list_objects::builders::ListObjectsFluentBuilder;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CommonPrefix, EncodingType, Object, ObjectStorageClass, ObjectVersion,
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::support::{S3, in_bucket, md5, refused};

const KEYS: [&str; 9] = ["B", "a", "a/1", "a/2", "a/b/3", "b", "c/4", "ä", "😀"];

/// Puts an object at each key.
async fn fill<K: AsRef<str>>(s3: &S3, keys: impl IntoIterator<Item = K>) {
    let puts = stream::iter(keys).map(|key| s3.put(key.as_ref(), "content").send());
    puts.buffer_unordered(8).try_collect::<Vec<_>>().await.unwrap();
}

fn list(s3: &S3) -> ListObjectsV2FluentBuilder {
    s3.client.list_objects_v2().bucket(&s3.bucket)
}

fn list_v1(s3: &S3) -> ListObjectsFluentBuilder {
    s3.client.list_objects().bucket(&s3.bucket)
}

fn names(entries: &[Object]) -> Vec<&str> {
    entries.iter().filter_map(Object::key).collect()
}

fn folders(prefixes: &[CommonPrefix]) -> Vec<&str> {
    prefixes.iter().filter_map(CommonPrefix::prefix).collect()
}

fn found(answer: &ListObjectsV2Output) -> (Vec<&str>, Vec<&str>) {
    (names(answer.contents()), folders(answer.common_prefixes()))
}

/// Of a bucket that never had versioning.
#[tokio::test]
async fn each_object_is_one_version() {
    in_bucket(async |s3| {
        fill(s3, ["a", "b", "c"]).await;
        let versions = s3.client.list_object_versions().bucket(&s3.bucket).max_keys(2);
        let first = versions.clone().send().await.unwrap();
        let seen = |answer: &ListObjectVersionsOutput| {
            let of = |one: &ObjectVersion| {
                (one.key.clone().unwrap(), one.version_id.clone().unwrap(), one.is_latest)
            };
            answer.versions().iter().map(of).collect::<Vec<_>>()
        };
        let version = |key: &str| (key.to_owned(), "null".to_owned(), Some(true));
        assert_eq!(seen(&first), [version("a"), version("b")]);
        assert_eq!((first.is_truncated, first.next_key_marker()), (Some(true), Some("b")));
        let rest = versions.key_marker("b").version_id_marker("null").send().await.unwrap();
        assert_eq!((seen(&rest), rest.is_truncated), (vec![version("c")], Some(false)));
        s3.client.delete_object().bucket(&s3.bucket).key("a").version_id("null").send().await.unwrap();
        assert_eq!(s3.keys().await, ["b", "c"]);
        let other =
            s3.client.delete_object().bucket(&s3.bucket).key("b").version_id("no version").send().await;
        refused(other, 400, "InvalidArgument");
        let other = s3.client.get_object().bucket(&s3.bucket).key("b").version_id("no version").send().await;
        refused(other, 400, "InvalidArgument");
    })
    .await;
}

#[tokio::test]
async fn keys_come_in_the_order_of_their_bytes() {
    in_bucket(async |s3| {
        fill(s3, KEYS.iter().rev()).await;
        assert_eq!(s3.keys().await, KEYS);
    })
    .await;
}

#[tokio::test]
async fn an_entry_describes_its_object() {
    in_bucket(async |s3| {
        s3.put("key", "content").checksum_algorithm(ChecksumAlgorithm::Sha256).send().await.unwrap();
        let answer = list(s3).fetch_owner(true).send().await.unwrap();
        let [entry] = answer.contents() else { panic!("{answer:?}") };
        let etag = md5("content");
        assert_eq!((entry.key(), entry.size(), entry.e_tag()), (Some("key"), Some(7), Some(etag.as_str())));
        assert_eq!(entry.storage_class(), Some(&ObjectStorageClass::Standard));
        assert_eq!(entry.checksum_algorithm(), [ChecksumAlgorithm::Sha256]);
        let (listed, head) = (entry.last_modified().unwrap(), s3.head("key").send().await.unwrap());
        assert_eq!(listed.secs(), head.last_modified().unwrap().secs());
        assert!(entry.owner().unwrap().id().is_some());
        assert_eq!(list(s3).send().await.unwrap().contents()[0].owner(), None);
    })
    .await;
}

#[tokio::test]
async fn a_prefix_chooses() {
    in_bucket(async |s3| {
        fill(s3, KEYS).await;
        for (prefix, expected) in
            [("a/", &["a/1", "a/2", "a/b/3"][..]), ("a", &["a", "a/1", "a/2", "a/b/3"]), ("missing", &[])]
        {
            let answer = list(s3).prefix(prefix).send().await.unwrap();
            assert_eq!(names(answer.contents()), expected);
            assert_eq!(answer.key_count(), Some(i32::try_from(expected.len()).unwrap()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_delimiter_makes_folders() {
    in_bucket(async |s3| {
        fill(s3, KEYS).await;
        let answer = list(s3).delimiter("/").send().await.unwrap();
        assert_eq!(found(&answer), (vec!["B", "a", "b", "ä", "😀"], vec!["a/", "c/"]));
        assert_eq!(answer.key_count(), Some(7));
        let answer = list(s3).delimiter("/").prefix("a/").send().await.unwrap();
        assert_eq!(found(&answer), (vec!["a/1", "a/2"], vec!["a/b/"]));
    })
    .await;
}

#[tokio::test]
async fn pages_hold_every_key_once() {
    in_bucket(async |s3| {
        fill(s3, KEYS).await;
        for (size, request) in [(2, list(s3)), (2, list(s3).delimiter("/")), (1, list(s3).prefix("a"))] {
            let whole = request.clone().send().await.unwrap();
            let (mut keys, mut prefixes, mut token) = (Vec::new(), Vec::new(), None);
            loop {
                let page = request.clone().max_keys(size).set_continuation_token(token).send().await.unwrap();
                let count = page.contents().len() + page.common_prefixes().len();
                assert_eq!(page.key_count(), Some(i32::try_from(count).unwrap()));
                assert!(page.key_count() <= Some(size), "{page:?}");
                keys.extend(names(page.contents()).into_iter().map(str::to_owned));
                prefixes.extend(folders(page.common_prefixes()).into_iter().map(str::to_owned));
                if page.is_truncated() != Some(true) {
                    break;
                }
                token = page.next_continuation_token;
            }
            assert_eq!(
                (keys.iter().map(String::as_str).collect(), prefixes.iter().map(String::as_str).collect()),
                found(&whole)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_can_start_after_a_key() {
    in_bucket(async |s3| {
        fill(s3, KEYS).await;
        for after in ["a/2", "a/21"] {
            let answer = list(s3).start_after(after).send().await.unwrap();
            assert_eq!(names(answer.contents()), KEYS[4..]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_has_1000_keys_at_most() {
    in_bucket(async |s3| {
        let keys: Vec<_> = (0..1001).map(|number| format!("{number:04}")).collect();
        fill(s3, &keys).await;
        let page = list(s3).max_keys(5000).send().await.unwrap();
        assert_eq!(
            (page.max_keys(), page.key_count(), page.is_truncated()),
            (Some(1000), Some(1000), Some(true))
        );
        let rest = list(s3).set_continuation_token(page.next_continuation_token).send().await.unwrap();
        assert_eq!(names(rest.contents()), keys[1000..]);
        let none = list(s3).max_keys(0).send().await.unwrap();
        assert_eq!((none.key_count(), none.is_truncated()), (Some(0), Some(false)));
    })
    .await;
}

#[tokio::test]
async fn keys_can_be_encoded() {
    in_bucket(async |s3| {
        s3.put("a b+c/ü%&", "content").send().await.unwrap();
        let answer = list(s3).encoding_type(EncodingType::Url).prefix("a b").send().await.unwrap();
        assert_eq!(names(answer.contents()), ["a+b%2Bc/%C3%BC%25%26"]);
        assert_eq!((answer.prefix(), answer.encoding_type()), (Some("a+b"), Some(&EncodingType::Url)));
    })
    .await;
}

#[tokio::test]
async fn wrong_settings_are_refused() {
    in_bucket(async |s3| {
        refused(list(s3).continuation_token("no token").send().await, 400, "InvalidArgument");
        refused(list(s3).encoding_type("base64".into()).send().await, 400, "InvalidArgument");
        refused(list(s3).max_keys(-1).send().await, 400, "InvalidArgument");
    })
    .await;
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>: `NextMarker` only with a delimiter.
#[tokio::test]
async fn version_1_goes_on_from_a_marker() {
    in_bucket(async |s3| {
        fill(s3, KEYS).await;
        let first = list_v1(s3).max_keys(3).send().await.unwrap();
        assert_eq!((names(first.contents()), first.is_truncated()), (KEYS[..3].to_vec(), Some(true)));
        assert_eq!(first.next_marker(), None);
        let rest = list_v1(s3).marker(KEYS[2]).send().await.unwrap();
        assert_eq!(names(rest.contents()), KEYS[3..]);
        let first = list_v1(s3).max_keys(3).delimiter("/").send().await.unwrap();
        assert_eq!((names(first.contents()), folders(first.common_prefixes())), (vec!["B", "a"], vec!["a/"]));
        assert_eq!(first.next_marker(), Some("a/"));
        let rest = list_v1(s3).marker("a/").delimiter("/").send().await.unwrap();
        assert_eq!(
            (names(rest.contents()), folders(rest.common_prefixes())),
            (vec!["b", "ä", "😀"], vec!["c/"])
        );
    })
    .await;
}
