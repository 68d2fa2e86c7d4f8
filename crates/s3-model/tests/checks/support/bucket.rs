//! A bucket for one check, and what most checks do in it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, resume_unwind};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_s3::operation::copy_object::builders::CopyObjectFluentBuilder;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::head_object::builders::HeadObjectFluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier};
use bytes::Bytes;
use futures::FutureExt;
use uuid::Uuid;

use super::errors::refused;
use super::model::Target;

/// A client of S3, and a new bucket.
pub struct S3 {
    pub client: Client,
    pub bucket: String,
    pub endpoint: String,
    pub region: String,
    pub credentials: Credentials,
    made: RefCell<Vec<(Client, String)>>,
    _target: Target,
}

/// Runs a check in a new bucket, which goes afterwards whether the check fails or not.
pub async fn in_bucket(check: impl AsyncFnOnce(&S3)) {
    let target = Target::get();
    let mut s3 = S3 {
        client: Client::from_conf(settings(&target).build()),
        bucket: String::new(),
        endpoint: target.endpoint.clone(),
        region: target.region.clone(),
        credentials: target.credentials.clone(),
        made: RefCell::default(),
        _target: target,
    };
    s3.bucket = s3.make_bucket(&s3.client, &s3.region).await;
    let result = AssertUnwindSafe(Box::pin(check(&s3))).catch_unwind().await;
    let made = s3.made.take();
    for (client, bucket) in made {
        remove(&client, &bucket).await;
    }
    if let Err(failure) = result {
        resume_unwind(failure);
    }
}

fn settings(target: &Target) -> Builder {
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&target.endpoint)
        .region(Region::new(target.region.clone()))
        .credentials_provider(target.credentials.clone())
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// A bucket name that is not in use.
pub fn unused_name() -> String {
    let prefix = std::env::var("S3_CHECKS_BUCKET").unwrap_or_else(|_| "lambench-s3-checks".into());
    format!("{prefix}-{}", &Uuid::new_v4().simple().to_string()[..16])
}

async fn remove(client: &Client, bucket: &str) {
    let uploads = match client.list_multipart_uploads().bucket(bucket).send().await {
        Ok(listed) => listed.uploads.unwrap_or_default(),
        Err(refused) => return assert_eq!(refused.into_service_error().meta().code(), Some("NoSuchBucket")),
    };
    for upload in uploads {
        let abort = client.abort_multipart_upload().bucket(bucket);
        abort.set_key(upload.key).set_upload_id(upload.upload_id).send().await.unwrap();
    }
    loop {
        let listed = client.list_objects_v2().bucket(bucket).send().await.unwrap();
        let keys = listed.contents().iter().filter_map(|entry| entry.key());
        let keys: Vec<_> = keys.map(|key| ObjectIdentifier::builder().key(key).build().unwrap()).collect();
        if keys.is_empty() {
            break;
        }
        let keys = Delete::builder().set_objects(Some(keys)).build().unwrap();
        let deleted = client.delete_objects().bucket(bucket).delete(keys).send().await.unwrap();
        assert_eq!(deleted.errors(), []);
    }
    client.delete_bucket().bucket(bucket).send().await.unwrap();
}

impl S3 {
    /// A client with other settings.
    pub fn client_with(&self, change: impl FnOnce(Builder) -> Builder) -> Client {
        Client::from_conf(change(self.client.config().to_builder()).build())
    }

    /// Another new bucket, which goes with the check.
    pub async fn make_bucket(&self, client: &Client, region: &str) -> String {
        let name = unused_name();
        let create = client.create_bucket().bucket(&name);
        create.set_create_bucket_configuration(location(region)).send().await.unwrap();
        self.made.borrow_mut().push((client.clone(), name.clone()));
        name
    }

    /// A request to put an object.
    pub fn put(&self, key: &str, body: impl Into<Bytes>) -> PutObjectFluentBuilder {
        self.client.put_object().bucket(&self.bucket).key(key).body(body.into().into())
    }

    /// A request to get an object.
    pub fn get(&self, key: &str) -> GetObjectFluentBuilder {
        self.client.get_object().bucket(&self.bucket).key(key)
    }

    /// A request for the headers of an object.
    pub fn head(&self, key: &str) -> HeadObjectFluentBuilder {
        self.client.head_object().bucket(&self.bucket).key(key)
    }

    /// A request to copy an object within the bucket.
    pub fn copy(&self, source: &str, target: &str) -> CopyObjectFluentBuilder {
        self.client.copy_object().bucket(&self.bucket).key(target).copy_source(self.copy_source(source))
    }

    /// A key of the bucket as the header of a copy has it.
    pub fn copy_source(&self, key: &str) -> String {
        format!("{}/{}", self.bucket, super::raw_http::path_encoded(key))
    }

    /// Deletes an object.
    pub async fn delete(&self, key: &str) {
        self.client.delete_object().bucket(&self.bucket).key(key).send().await.unwrap();
    }

    /// The bytes of an object.
    pub async fn content(&self, key: &str) -> Bytes {
        let answer = self.get(key).send().await.unwrap();
        answer.body.collect().await.unwrap().into_bytes()
    }

    /// Checks that there is no object at `key`.
    pub async fn assert_missing(&self, key: &str) {
        refused(self.get(key).send().await, 404, "NoSuchKey");
    }

    /// All keys of the bucket, as listed.
    pub async fn keys(&self) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket(&self.bucket).send().await.unwrap();
        listed.contents.unwrap_or_default().into_iter().filter_map(|entry| entry.key).collect()
    }

    /// The IDs of the open uploads, as listed.
    pub async fn uploads(&self) -> Vec<String> {
        let listed = self.client.list_multipart_uploads().bucket(&self.bucket).send().await.unwrap();
        listed.uploads.unwrap_or_default().into_iter().filter_map(|upload| upload.upload_id).collect()
    }
}

/// What a bucket's creation has to say of its region.
pub fn location(region: &str) -> Option<CreateBucketConfiguration> {
    let constraint = BucketLocationConstraint::from(region);
    (region != "us-east-1")
        .then(|| CreateBucketConfiguration::builder().location_constraint(constraint).build())
}
