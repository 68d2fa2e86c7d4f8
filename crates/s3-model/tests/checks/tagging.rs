//! Tags of objects: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>

use aws_sdk_s3::operation::put_object_tagging::builders::PutObjectTaggingFluentBuilder;
use aws_sdk_s3::types::{Tag, Tagging, TaggingDirective};

use crate::support::{S3, in_bucket, refused};

/// The tags of an object, sorted.
async fn tags(s3: &S3, key: &str) -> Vec<(String, String)> {
    let answer = s3.client.get_object_tagging().bucket(&s3.bucket).key(key).send().await.unwrap();
    let mut tags: Vec<_> = answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect();
    tags.sort();
    tags
}

/// A request to set the tags of an object.
fn tag(s3: &S3, key: &str, tags: &[(&str, &str)]) -> PutObjectTaggingFluentBuilder {
    let tags = tags.iter().map(|(name, value)| Tag::builder().key(*name).value(*value).build().unwrap());
    let tags = Tagging::builder().set_tag_set(Some(tags.collect())).build().unwrap();
    s3.client.put_object_tagging().bucket(&s3.bucket).key(key).tagging(tags)
}

fn pairs(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    tags.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[tokio::test]
async fn tags_are_set_replaced_and_deleted() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        assert_eq!(tags(s3, "key").await, []);
        tag(s3, "key", &[("one", "1"), ("two", "")]).send().await.unwrap();
        assert_eq!(tags(s3, "key").await, pairs(&[("one", "1"), ("two", "")]));
        assert_eq!(s3.get("key").send().await.unwrap().tag_count(), Some(2));
        tag(s3, "key", &[("three", "3")]).send().await.unwrap();
        assert_eq!(tags(s3, "key").await, pairs(&[("three", "3")]));
        s3.client.delete_object_tagging().bucket(&s3.bucket).key("key").send().await.unwrap();
        assert_eq!(tags(s3, "key").await, []);
        assert_eq!(s3.content("key").await, "content");
    })
    .await;
}

#[tokio::test]
async fn tags_can_come_with_the_object() {
    in_bucket(async |s3| {
        s3.put("key", "content").tagging("one=1&with%20space=a%2Bb").send().await.unwrap();
        assert_eq!(tags(s3, "key").await, pairs(&[("one", "1"), ("with space", "a+b")]));
        s3.put("key", "content").send().await.unwrap();
        assert_eq!(tags(s3, "key").await, []);
    })
    .await;
}

#[tokio::test]
async fn tags_can_come_with_an_upload() {
    in_bucket(async |s3| {
        let upload = s3.upload_with("key", |create| create.tagging("one=1")).await;
        upload.complete(&[upload.add(1, "content").await]).send().await.unwrap();
        assert_eq!(tags(s3, "key").await, pairs(&[("one", "1")]));
    })
    .await;
}

#[tokio::test]
async fn a_copy_has_the_tags_unless_it_gets_others() {
    in_bucket(async |s3| {
        s3.put("key", "content").tagging("one=1").send().await.unwrap();
        s3.copy("key", "copy").send().await.unwrap();
        assert_eq!(tags(s3, "copy").await, pairs(&[("one", "1")]));
        let replaced = s3.copy("key", "copy").tagging_directive(TaggingDirective::Replace).tagging("two=2");
        replaced.send().await.unwrap();
        assert_eq!(tags(s3, "copy").await, pairs(&[("two", "2")]));
    })
    .await;
}

#[tokio::test]
async fn wrong_tags_are_refused() {
    in_bucket(async |s3| {
        s3.put("key", "content").send().await.unwrap();
        let names: Vec<_> = (0..11).map(|number| number.to_string()).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        tag(s3, "key", &many[..10]).send().await.unwrap();
        refused(tag(s3, "key", &many).send().await, 400, "BadRequest");
        let (name, value) = ("k".repeat(129), "v".repeat(257));
        for wrong in
            [vec![("same", "1"), ("same", "2")], vec![(name.as_str(), "")], vec![("key", value.as_str())]]
        {
            refused(tag(s3, "key", &wrong).send().await, 400, "InvalidTag");
        }
        assert_eq!(tags(s3, "key").await.len(), 10);
    })
    .await;
}

#[tokio::test]
async fn a_missing_key_has_no_tags() {
    in_bucket(async |s3| {
        let get = s3.client.get_object_tagging().bucket(&s3.bucket).key("missing");
        refused(get.send().await, 404, "NoSuchKey");
        refused(tag(s3, "missing", &[("one", "1")]).send().await, 404, "NoSuchKey");
    })
    .await;
}
