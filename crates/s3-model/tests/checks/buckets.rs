//! Buckets: made, named, found, listed, deleted.

use aws_sdk_s3::config::Region;
use aws_sdk_s3::types::{BucketLocationConstraint, Delete, ObjectIdentifier};

use crate::support::{in_bucket, is_model, location, refused, unanswered, unused_name};

#[tokio::test]
async fn a_new_bucket_is_found_listed_and_empty() {
    in_bucket(async |s3| {
        s3.client.head_bucket().bucket(&s3.bucket).send().await.unwrap();
        let listed = s3.client.list_buckets().send().await.unwrap();
        assert!(listed.buckets().iter().any(|bucket| bucket.name() == Some(&s3.bucket)), "{listed:?}");
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_bucket_is_gone() {
    in_bucket(async |s3| {
        s3.client.delete_bucket().bucket(&s3.bucket).send().await.unwrap();
        unanswered(s3.client.head_bucket().bucket(&s3.bucket).send().await, 404);
        refused(s3.client.delete_bucket().bucket(&s3.bucket).send().await, 404, "NoSuchBucket");
    })
    .await;
}

#[tokio::test]
async fn a_bucket_with_an_object_stays() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        refused(s3.client.delete_bucket().bucket(&s3.bucket).send().await, 409, "BucketNotEmpty");
        assert_eq!(s3.content("key").await, "content");
        s3.delete("key").await;
        s3.client.delete_bucket().bucket(&s3.bucket).send().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_open_upload_goes_with_its_bucket() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        upload.add(1, "content").await;
        s3.client.delete_bucket().bucket(&s3.bucket).send().await.unwrap();
        let uploads = s3.client.list_multipart_uploads().bucket(&s3.bucket).send().await;
        refused(uploads, 404, "NoSuchBucket");
    })
    .await;
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>, `BucketAlreadyOwnedByYou`: in all regions but
/// us-east-1, where for compatibility the request succeeds.
#[tokio::test]
async fn a_bucket_made_again_outside_us_east_1_is_already_owned() {
    in_bucket(async |s3| {
        let region = if is_model() { "eu-west-1" } else { &s3.region };
        if region == "us-east-1" {
            return eprintln!("not asked: the endpoint is in us-east-1");
        }
        let client = s3.client_with(|settings| settings.region(Region::new(region.to_owned())));
        let bucket = s3.make_bucket(&client, region).await;
        client.put_object().bucket(&bucket).key("key").send().await.unwrap();
        let again = client.create_bucket().bucket(&bucket);
        let again = again.set_create_bucket_configuration(location(region)).send().await;
        refused(again, 409, "BucketAlreadyOwnedByYou");
        client.head_object().bucket(&bucket).key("key").send().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_bucket_made_again_in_us_east_1_is_left_as_it_is() {
    in_bucket(async |s3| {
        if s3.region != "us-east-1" {
            return eprintln!("not asked: the endpoint is in {}", s3.region);
        }
        s3.put("key", "content").send().await.unwrap();
        s3.client.create_bucket().bucket(&s3.bucket).send().await.unwrap();
        assert_eq!(s3.content("key").await, "content");
    })
    .await;
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
#[tokio::test]
async fn a_name_against_the_naming_rules_is_refused() {
    in_bucket(async |s3| {
        let long = "a".repeat(64);
        for name in
            ["ab", "Upper-Case", "under_score", "-begins-with-hyphen", "ends-with-hyphen-", "a..b", &long]
        {
            refused(s3.client.create_bucket().bucket(name).send().await, 400, "InvalidBucketName");
        }
    })
    .await;
}

#[tokio::test]
async fn the_location_is_the_region() {
    in_bucket(async |s3| {
        let answer = s3.client.get_bucket_location().bucket(&s3.bucket).send().await.unwrap();
        let location = answer.location_constraint().map(BucketLocationConstraint::as_str).unwrap_or_default();
        assert_eq!(location, if s3.region == "us-east-1" { "" } else { &s3.region });
    })
    .await;
}

#[tokio::test]
async fn a_missing_bucket_has_nothing() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        let (client, code, name) = (&s3.client, "NoSuchBucket", unused_name());
        let keys = Delete::builder()
            .objects(ObjectIdentifier::builder().key("key").build().unwrap())
            .build()
            .unwrap();
        refused(client.put_object().bucket(&name).key("key").send().await, 404, code);
        refused(client.get_object().bucket(&name).key("key").send().await, 404, code);
        refused(client.delete_object().bucket(&name).key("key").send().await, 404, code);
        refused(client.delete_objects().bucket(&name).delete(keys).send().await, 404, code);
        let copy = client.copy_object().bucket(&name).key("key").copy_source(s3.copy_source("key"));
        refused(copy.send().await, 404, code);
        refused(client.list_objects_v2().bucket(&name).send().await, 404, code);
        refused(client.list_objects().bucket(&name).send().await, 404, code);
        refused(client.list_multipart_uploads().bucket(&name).send().await, 404, code);
        refused(client.create_multipart_upload().bucket(&name).key("key").send().await, 404, code);
        refused(client.get_bucket_location().bucket(&name).send().await, 404, code);
        refused(client.get_bucket_policy().bucket(&name).send().await, 404, code);
        refused(client.get_bucket_tagging().bucket(&name).send().await, 404, code);
    })
    .await;
}
