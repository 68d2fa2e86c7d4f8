//! Keys that XML cannot hold or that look like paths: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>

use std::collections::BTreeSet;

use aws_sdk_s3::types::{Delete, EncodingType, ObjectIdentifier};
use percent_encoding::percent_decode_str;
use test_kit::awkward_keys::{refused as leading_out, taken};

use crate::support::raw_http::{SignedPut, UNSIGNED};
use crate::support::{S3, in_bucket, refused, refused_saying, unanswered};

fn decoded(key: Option<&str>) -> String {
    percent_decode_str(&key.unwrap().replace('+', " ")).decode_utf8().unwrap().into_owned()
}

/// Whether XML 1.0 can hold a key.
fn is_in_xml(key: &str) -> bool {
    key.chars().all(|c| c >= ' ' && !"\u{fffe}\u{ffff}".contains(c) || "\t\r\n".contains(c))
}

async fn delete(s3: &S3, keys: &[&String]) -> Result<Vec<String>, String> {
    let keys = keys.iter().map(|key| ObjectIdentifier::builder().key(*key).build().unwrap()).collect();
    let keys = Delete::builder().set_objects(Some(keys)).build().unwrap();
    let answer = s3.client.delete_objects().bucket(&s3.bucket).delete(keys).send().await;
    let answer =
        answer.map_err(|error| error.into_service_error().meta().code().unwrap_or_default().to_owned())?;
    assert_eq!(answer.errors(), []);
    Ok(answer.deleted().iter().map(|one| one.key().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn every_key_is_written_read_listed_and_deleted() {
    in_bucket(async |s3| {
        let keys = taken("");
        for key in &keys {
            s3.put(key, key.clone()).send().await.unwrap_or_else(|error| panic!("{key:?}: {error:?}"));
            s3.client.create_multipart_upload().bucket(&s3.bucket).key(key).send().await.unwrap();
        }
        let expected: BTreeSet<_> = keys.iter().cloned().collect();
        let list = s3.client.list_objects_v2().bucket(&s3.bucket).encoding_type(EncodingType::Url);
        let listed = list.send().await.unwrap();
        let found: BTreeSet<_> = listed.contents().iter().map(|one| decoded(one.key())).collect();
        assert_eq!(found, expected);
        let list = s3.client.list_object_versions().bucket(&s3.bucket).encoding_type(EncodingType::Url);
        let listed = list.send().await.unwrap();
        let found: BTreeSet<_> = listed.versions().iter().map(|one| decoded(one.key())).collect();
        assert_eq!(found, expected);
        let list = s3.client.list_multipart_uploads().bucket(&s3.bucket).encoding_type(EncodingType::Url);
        let uploads = list.send().await.unwrap().uploads.unwrap();
        let found: BTreeSet<_> = uploads.iter().map(|one| decoded(one.key())).collect();
        assert_eq!(found, expected);
        for upload in uploads {
            let abort = s3.client.abort_multipart_upload().bucket(&s3.bucket).key(decoded(upload.key()));
            abort.set_upload_id(upload.upload_id).send().await.unwrap();
        }
        for key in &keys {
            assert_eq!(s3.content(key).await, *key);
            s3.copy(key, "copy").send().await.unwrap();
            assert_eq!(s3.content("copy").await, *key);
        }
        s3.delete("copy").await;
        let (named, unnamed): (Vec<_>, Vec<_>) = keys.iter().partition(|key| is_in_xml(key));
        let deleted = delete(s3, &named).await.unwrap();
        assert_eq!(deleted.iter().collect::<BTreeSet<_>>(), named.into_iter().collect());
        for key in unnamed {
            assert_eq!(delete(s3, &[key]).await, Err("MalformedXML".to_owned()), "{key:?}");
            s3.delete(key).await;
        }
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_list_without_encoding_has_a_carriage_return_as_it_is() {
    in_bucket(async |s3| {
        s3.put("a\rb", "content").send().await.unwrap();
        assert_eq!(s3.keys().await, ["a\rb"], "a reader would make LF of a CR that is no reference");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_leads_out_of_its_bucket_is_refused_without_a_word() {
    in_bucket(async |s3| {
        for key in leading_out() {
            unanswered(s3.put(&key, "content").send().await, 400);
            unanswered(s3.get(&key).send().await, 400);
            let answer = SignedPut::new(s3, &key, UNSIGNED, "", &[]).send(b"content");
            assert_eq!((answer.status, answer.body.as_str()), (400, ""), "{key}");
        }
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_key_has_1024_bytes_at_most() {
    in_bucket(async |s3| {
        for key in ["n".repeat(1_025), "ü".repeat(513)] {
            refused_saying(
                s3.put(&key, "content").send().await,
                400,
                "KeyTooLongError",
                "Your key is too long",
            );
            refused(s3.get(&key).send().await, 400, "KeyTooLongError");
        }
    })
    .await;
}
