//! Settings of a bucket: stored and returned; without effect in the model.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, CorsConfiguration, CorsRule,
    EventBridgeConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    NotificationConfiguration, ObjectOwnership, OwnershipControls, OwnershipControlsRule, Permission,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging, Type,
};

use crate::support::{S3, in_bucket, refused};

#[tokio::test]
async fn a_policy_is_kept() {
    in_bucket(async |s3| {
        let get = || s3.client.get_bucket_policy().bucket(&s3.bucket).send();
        refused(get().await, 404, "NoSuchBucketPolicy");
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"TlsOnly","Effect":"Deny","Principal":"*",
            "Action":"s3:PutBucketTagging","Resource":"arn:aws:s3:::{}",
            "Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}"#,
            s3.bucket
        );
        s3.client.put_bucket_policy().bucket(&s3.bucket).policy(&policy).send().await.unwrap();
        let kept = get().await.unwrap().policy.unwrap();
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&kept), read(&policy));
        s3.client.delete_bucket_policy().bucket(&s3.bucket).send().await.unwrap();
        refused(get().await, 404, "NoSuchBucketPolicy");
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_is_not_json_is_malformed() {
    in_bucket(async |s3| {
        let put = s3.client.put_bucket_policy().bucket(&s3.bucket).policy("no policy");
        refused(put.send().await, 400, "MalformedPolicy");
    })
    .await;
}

/// The algorithm and whether bucket keys are used.
async fn encryption(s3: &S3) -> (ServerSideEncryption, bool) {
    let answer = s3.client.get_bucket_encryption().bucket(&s3.bucket).send().await.unwrap();
    let mut configuration = answer.server_side_encryption_configuration.unwrap();
    let rule = configuration.rules.remove(0);
    let default = rule.apply_server_side_encryption_by_default.unwrap();
    (default.sse_algorithm, rule.bucket_key_enabled.unwrap_or(false))
}

/// Every bucket is encrypted with SSE-S3 since January 2023:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html>
#[tokio::test]
async fn encryption_is_kept_and_aes256_without_one() {
    in_bucket(async |s3| {
        assert_eq!(encryption(s3).await, (ServerSideEncryption::Aes256, false));
        let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
        let rule = ServerSideEncryptionRule::builder().bucket_key_enabled(true);
        let rule = rule.apply_server_side_encryption_by_default(default.build().unwrap()).build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
        let put = s3.client.put_bucket_encryption().bucket(&s3.bucket);
        put.server_side_encryption_configuration(configuration).send().await.unwrap();
        assert_eq!(encryption(s3).await, (ServerSideEncryption::AwsKms, true));
        s3.client.delete_bucket_encryption().bucket(&s3.bucket).send().await.unwrap();
        assert_eq!(encryption(s3).await, (ServerSideEncryption::Aes256, false));
    })
    .await;
}

/// New buckets block public access since April 2023:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html>
#[tokio::test]
async fn public_access_is_blocked_until_that_is_changed() {
    in_bucket(async |s3| {
        let get = || s3.client.get_public_access_block().bucket(&s3.bucket).send();
        let blocked =
            PublicAccessBlockConfiguration::builder().block_public_policy(true).ignore_public_acls(true);
        let blocked = blocked.restrict_public_buckets(true);
        let all = blocked.clone().block_public_acls(true).build();
        assert_eq!(get().await.unwrap().public_access_block_configuration, Some(all));
        let changed = blocked.block_public_acls(false).build();
        let put = s3.client.put_public_access_block().bucket(&s3.bucket);
        put.public_access_block_configuration(changed.clone()).send().await.unwrap();
        assert_eq!(get().await.unwrap().public_access_block_configuration, Some(changed));
        s3.client.delete_public_access_block().bucket(&s3.bucket).send().await.unwrap();
        refused(get().await, 404, "NoSuchPublicAccessBlockConfiguration");
    })
    .await;
}

#[tokio::test]
async fn a_lifecycle_is_kept() {
    in_bucket(async |s3| {
        let get = || s3.client.get_bucket_lifecycle_configuration().bucket(&s3.bucket).send();
        refused(get().await, 404, "NoSuchLifecycleConfiguration");
        let rule = LifecycleRule::builder()
            .id("uploads")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build(),
            )
            .build()
            .unwrap();
        let rules = BucketLifecycleConfiguration::builder().rules(rule.clone()).build().unwrap();
        let put = s3.client.put_bucket_lifecycle_configuration().bucket(&s3.bucket);
        put.lifecycle_configuration(rules).send().await.unwrap();
        assert_eq!(get().await.unwrap().rules(), [rule]);
        s3.client.delete_bucket_lifecycle().bucket(&s3.bucket).send().await.unwrap();
        refused(get().await, 404, "NoSuchLifecycleConfiguration");
    })
    .await;
}

#[tokio::test]
async fn ownership_is_the_buckets_until_that_is_changed() {
    in_bucket(async |s3| {
        let get = || s3.client.get_bucket_ownership_controls().bucket(&s3.bucket).send();
        let controls = |ownership| {
            let rule = OwnershipControlsRule::builder().object_ownership(ownership).build().unwrap();
            OwnershipControls::builder().rules(rule).build().unwrap()
        };
        let enforced = controls(ObjectOwnership::BucketOwnerEnforced);
        assert_eq!(get().await.unwrap().ownership_controls, Some(enforced));
        let changed = controls(ObjectOwnership::BucketOwnerPreferred);
        let put = s3.client.put_bucket_ownership_controls().bucket(&s3.bucket);
        put.ownership_controls(changed.clone()).send().await.unwrap();
        assert_eq!(get().await.unwrap().ownership_controls, Some(changed));
        s3.client.delete_bucket_ownership_controls().bucket(&s3.bucket).send().await.unwrap();
        refused(get().await, 404, "OwnershipControlsNotFoundError");
    })
    .await;
}

#[tokio::test]
async fn cors_is_kept() {
    in_bucket(async |s3| {
        let get = || s3.client.get_bucket_cors().bucket(&s3.bucket).send();
        refused(get().await, 404, "NoSuchCORSConfiguration");
        let rule = CorsRule::builder().allowed_methods("GET").allowed_methods("PUT").allowed_origins("*");
        let rule = rule.max_age_seconds(3000).build().unwrap();
        let rules = CorsConfiguration::builder().cors_rules(rule.clone()).build().unwrap();
        s3.client.put_bucket_cors().bucket(&s3.bucket).cors_configuration(rules).send().await.unwrap();
        assert_eq!(get().await.unwrap().cors_rules(), [rule]);
        s3.client.delete_bucket_cors().bucket(&s3.bucket).send().await.unwrap();
        refused(get().await, 404, "NoSuchCORSConfiguration");
    })
    .await;
}

fn tagging(tags: &[(&str, &str)]) -> Tagging {
    let tags = tags.iter().map(|(name, value)| Tag::builder().key(*name).value(*value).build().unwrap());
    Tagging::builder().set_tag_set(Some(tags.collect())).build().unwrap()
}

#[tokio::test]
async fn tags_are_kept() {
    in_bucket(async |s3| {
        let get = || s3.client.get_bucket_tagging().bucket(&s3.bucket).send();
        refused(get().await, 404, "NoSuchTagSet");
        let tags = tagging(&[("owner", ""), ("project", "lambench")]);
        s3.client.put_bucket_tagging().bucket(&s3.bucket).tagging(tags.clone()).send().await.unwrap();
        let mut kept = get().await.unwrap().tag_set;
        kept.sort_by(|one, other| one.key.cmp(&other.key));
        assert_eq!(kept, tags.tag_set);
        s3.client.delete_bucket_tagging().bucket(&s3.bucket).send().await.unwrap();
        refused(get().await, 404, "NoSuchTagSet");
    })
    .await;
}

#[tokio::test]
async fn a_tag_twice_is_invalid() {
    in_bucket(async |s3| {
        let put = s3
            .client
            .put_bucket_tagging()
            .bucket(&s3.bucket)
            .tagging(tagging(&[("same", "1"), ("same", "2")]));
        refused(put.send().await, 400, "InvalidTag");
    })
    .await;
}

#[tokio::test]
async fn notifications_are_kept() {
    in_bucket(async |s3| {
        let kept = async || {
            let get = s3.client.get_bucket_notification_configuration().bucket(&s3.bucket);
            get.send().await.unwrap().event_bridge_configuration.is_some()
        };
        let put = async |configuration: NotificationConfiguration| {
            let put = s3.client.put_bucket_notification_configuration().bucket(&s3.bucket);
            put.notification_configuration(configuration).send().await.unwrap();
        };
        assert!(!kept().await);
        let events = EventBridgeConfiguration::builder().build();
        put(NotificationConfiguration::builder().event_bridge_configuration(events).build()).await;
        assert!(kept().await);
        put(NotificationConfiguration::builder().build()).await;
        assert!(!kept().await);
    })
    .await;
}

#[tokio::test]
async fn versioning_is_off() {
    in_bucket(async |s3| {
        let answer = s3.client.get_bucket_versioning().bucket(&s3.bucket).send().await.unwrap();
        assert_eq!(answer.status(), None);
    })
    .await;
}

#[tokio::test]
async fn the_owner_has_full_control() {
    in_bucket(async |s3| {
        let answer = s3.client.get_bucket_acl().bucket(&s3.bucket).send().await.unwrap();
        let [grant] = answer.grants() else { panic!("{answer:?}") };
        let grantee = grant.grantee().unwrap();
        assert_eq!(
            (grant.permission(), grantee.r#type()),
            (Some(&Permission::FullControl), &Type::CanonicalUser)
        );
        assert_eq!(grantee.id(), answer.owner().unwrap().id());
    })
    .await;
}
