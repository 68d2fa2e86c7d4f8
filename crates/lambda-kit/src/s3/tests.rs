//! Objects as they are listed, and keys that are hard to handle, on the S3 model.

use std::collections::BTreeSet;
use std::path::Path;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use s3_model::options::Options;
use s3_model::server::Server;
use test_kit::awkward_keys::taken;

use super::*;

const BUCKET: &str = "bucket";

/// A client of a model with one bucket, which lasts as long as the test.
async fn client(data: &Path) -> Client {
    let server = Server::bind(&Options::for_test(data)).await.unwrap();
    let line = server.ready_line().unwrap();
    let endpoint = line.split(' ').find(|word| word.starts_with("http:")).unwrap().to_owned();
    tokio::spawn(server.serve(std::future::pending()));
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .force_path_style(true);
    let client = Client::from_conf(config.build());
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    client
}

#[tokio::test]
async fn every_key_that_s3_takes_is_listed_and_deleted() {
    let data = tempfile::tempdir().unwrap();
    let client = client(data.path()).await;
    for prefix in ["", "files/", "archives/a b+%2B\r/"] {
        let keys = taken(prefix);
        for key in &keys {
            client.put_object().bucket(BUCKET).key(key).send().await.unwrap();
            client.create_multipart_upload().bucket(BUCKET).key(key).send().await.unwrap();
        }
        let expected: BTreeSet<_> = keys.iter().cloned().collect();
        let uploads = list_uploads(&client, BUCKET, prefix).await.unwrap();
        assert_eq!(uploads.iter().map(|upload| upload.key.clone()).collect::<BTreeSet<_>>(), expected);
        for upload in uploads {
            let abort = client.abort_multipart_upload().bucket(BUCKET);
            abort.key(upload.key).upload_id(upload.id).send().await.unwrap();
        }
        let listed = list_objects(&client, BUCKET, prefix).await.unwrap();
        let listed: Vec<_> = listed.into_iter().map(|object| object.key).collect();
        assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), expected);
        assert_eq!(delete_objects(&client, BUCKET, listed).await.unwrap(), keys.len() as u64);
        assert_eq!(list_objects(&client, BUCKET, "").await.unwrap(), []);
    }
}

fn object(key: &str) -> Object {
    Object { key: key.to_owned(), size: 0, etag: String::new() }
}

#[test]
fn an_entry_is_named_by_the_last_part_of_the_key() {
    assert_eq!(object("files/a b+%20é").base_name(), "a b+%20é");
    assert_eq!(object("files/deep/x").base_name(), "x");
}

#[test]
fn a_folder_marker_is_no_file() {
    assert!(object("files/").is_folder_marker());
    assert!(!object("files/a").is_folder_marker());
    let with_content = Object { size: 10, ..object("files/data/") };
    assert!(!with_content.is_folder_marker(), "its content would be lost");
}
