//! Reads on conditions: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html>

use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::head_object::builders::HeadObjectFluentBuilder;
use aws_sdk_s3::primitives::DateTime;

use crate::support::{OTHER, S3, content, in_bucket, refused, unanswered};

/// The same condition on both kinds of read.
#[derive(Default)]
struct Condition {
    matches: Option<String>,
    none_matches: Option<String>,
    modified: Option<DateTime>,
    unmodified: Option<DateTime>,
}

impl Condition {
    fn reads(&self, s3: &S3) -> (GetObjectFluentBuilder, HeadObjectFluentBuilder) {
        let Self { matches, none_matches, modified, unmodified } = self;
        let get = s3.get("key").set_if_match(matches.clone()).set_if_none_match(none_matches.clone());
        let head = s3.head("key").set_if_match(matches.clone()).set_if_none_match(none_matches.clone());
        (
            get.set_if_modified_since(*modified).set_if_unmodified_since(*unmodified),
            head.set_if_modified_since(*modified).set_if_unmodified_since(*unmodified),
        )
    }

    async fn is_met(&self, s3: &S3) {
        let (get, head) = self.reads(s3);
        assert_eq!(content(get.send().await.unwrap()).await, "content");
        head.send().await.unwrap();
    }

    async fn fails(&self, s3: &S3) {
        let (get, head) = self.reads(s3);
        refused(get.send().await, 412, "PreconditionFailed");
        unanswered(head.send().await, 412);
    }

    async fn finds_no_change(&self, s3: &S3) {
        let (get, head) = self.reads(s3);
        unanswered(get.send().await, 304);
        unanswered(head.send().await, 304);
    }
}

/// Puts the object; returns its `ETag`, when it was modified, and an hour before that.
async fn put(s3: &S3) -> (String, DateTime, DateTime) {
    let etag = s3.put("key", "content").send().await.unwrap().e_tag.unwrap();
    let modified = s3.head("key").send().await.unwrap().last_modified.unwrap();
    (etag, modified, DateTime::from_secs(modified.secs() - 3600))
}

#[tokio::test]
async fn if_match_wants_the_etag() {
    in_bucket(async |s3| {
        let (etag, ..) = put(s3).await;
        for same in [etag.as_str(), etag.trim_matches('"')] {
            Condition { matches: Some(same.to_owned()), ..Default::default() }.is_met(s3).await;
        }
        Condition { matches: Some(OTHER.to_owned()), ..Default::default() }.fails(s3).await;
    })
    .await;
}

#[tokio::test]
async fn if_none_match_wants_another_etag() {
    in_bucket(async |s3| {
        let (etag, ..) = put(s3).await;
        Condition { none_matches: Some(OTHER.to_owned()), ..Default::default() }.is_met(s3).await;
        Condition { none_matches: Some(etag), ..Default::default() }.finds_no_change(s3).await;
    })
    .await;
}

#[tokio::test]
async fn if_modified_since_wants_a_change() {
    in_bucket(async |s3| {
        let (_, modified, earlier) = put(s3).await;
        Condition { modified: Some(earlier), ..Default::default() }.is_met(s3).await;
        Condition { modified: Some(modified), ..Default::default() }.finds_no_change(s3).await;
    })
    .await;
}

#[tokio::test]
async fn if_unmodified_since_wants_no_change() {
    in_bucket(async |s3| {
        let (_, modified, earlier) = put(s3).await;
        Condition { unmodified: Some(modified), ..Default::default() }.is_met(s3).await;
        Condition { unmodified: Some(earlier), ..Default::default() }.fails(s3).await;
    })
    .await;
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>, `If-Match` and `If-None-Match`
#[tokio::test]
async fn etags_count_more_than_times() {
    in_bucket(async |s3| {
        let (etag, _, earlier) = put(s3).await;
        let same = Condition { matches: Some(etag.clone()), unmodified: Some(earlier), ..Default::default() };
        same.is_met(s3).await;
        let changed = Condition { none_matches: Some(etag), modified: Some(earlier), ..Default::default() };
        changed.finds_no_change(s3).await;
    })
    .await;
}

#[tokio::test]
async fn a_condition_on_a_missing_key_is_not_found() {
    in_bucket(async |s3| {
        refused(s3.get("missing").if_match(OTHER).send().await, 404, "NoSuchKey");
    })
    .await;
}
