//! S3 as the check makes it: buckets with inputs, faults, and what contenders leave there.

use std::collections::HashMap;

use ::archive::verify::Expected;
use anyhow::{Context, Result, anyhow};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;
use lambda_kit::{OpenUpload, error_chain, list_objects, list_uploads};
use protocol::archive::Deployed;
use serde_json::Value;

use super::input::Input;
use super::seed;
use super::test_case::Left;
use crate::local::ephemeral_s3::Addresses;
use crate::local::{aws, http};

/// A filled bucket.
pub struct Source {
    /// Its name.
    pub bucket: String,
    /// What an archive has to hold; nothing can be right if two objects share a name.
    pub expected: Option<Expected>,
}

/// The S3 model and what has been put there.
pub struct Sandbox {
    pub s3: Addresses,
    pub client: Client,
    /// Where a contender finds the objects, without a slash, as the contest's events say it.
    pub source_prefix: String,
    /// Where it writes its archive.
    pub archive_prefix: String,
    sources: HashMap<Input, Source>,
}

impl Sandbox {
    /// An empty one.
    pub fn new(s3: Addresses, archive: &Deployed) -> Self {
        let client = client(&s3.s3, RequestChecksumCalculation::WhenSupported);
        let (source_prefix, archive_prefix) = (archive.source_prefix.clone(), archive.archive_prefix.clone());
        Self { s3, client, source_prefix, archive_prefix, sources: HashMap::new() }
    }

    /// The bucket of an input, filled when it is asked for first.
    pub async fn source(&mut self, input: Input) -> Result<&Source> {
        if !self.sources.contains_key(&input) {
            let client = if input.has_checksums() {
                self.client.clone()
            } else {
                client(&self.s3.s3, RequestChecksumCalculation::WhenRequired)
            };
            let source = seed::seed(&client, &self.source_prefix, input).await?;
            self.sources.insert(input, source);
        }
        self.sources.get(&input).context("the bucket was filled just now")
    }

    /// The bucket of an input isn't what it was.
    pub fn forget(&mut self, input: Input) {
        self.sources.remove(&input);
    }

    /// From now on S3 behaves like this.
    pub async fn set_faults(&self, rules: Value) -> Result<()> {
        let url = format!("{}/faults", self.s3.admin);
        blocking(move |agent| agent.put(&url).send_json(&rules).map(drop)).await
    }

    /// How many requests for listings there were since the start.
    pub async fn listings(&self) -> Result<u64> {
        let url = format!("{}/counters", self.s3.admin);
        let counters: Value = blocking(move |agent| agent.get(&url).call()?.body_mut().read_json()).await?;
        let rows = counters["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
        let lists = rows
            .iter()
            .filter(|row| row["operation"].as_str().is_some_and(|name| name.starts_with("ListObjects")));
        Ok(lists.filter_map(|row| row["requests"].as_u64()).sum())
    }

    /// Removes everything but the source objects, and says what that was, apart from the archive.
    pub async fn clean_up(&self, bucket: &str, archive: &str) -> Result<Vec<Left>> {
        let all = list_objects(&self.client, bucket, "").await.map_err(|failure| anyhow!("{failure}"))?;
        let sources = format!("{}/", self.source_prefix);
        let written: Vec<_> = all.into_iter().filter(|object| !object.key.starts_with(&sources)).collect();
        let mut left = Vec::new();
        for object in written {
            self.client
                .delete_object()
                .bucket(bucket)
                .key(&object.key)
                .send()
                .await
                .map_err(failed("DeleteObject"))?;
            if object.key != archive {
                left.push(Left { key: object.key, is_upload: false });
            }
        }
        let open = list_uploads(&self.client, bucket, "").await.map_err(|failure| anyhow!("{failure}"))?;
        for OpenUpload { key, id } in open {
            let abort = self.client.abort_multipart_upload().bucket(bucket).key(&key).upload_id(id);
            abort.send().await.map_err(failed("AbortMultipartUpload"))?;
            left.push(Left { key, is_upload: true });
        }
        Ok(left)
    }
}

/// Turns a failed call into an error that names it.
pub fn failed<E: std::error::Error + 'static>(call: &str) -> impl Fn(E) -> anyhow::Error {
    move |error| anyhow!("{call} at the S3 model failed: {}", error_chain(&error))
}

fn client(endpoint: &str, checksums: RequestChecksumCalculation) -> Client {
    let config = aws_sdk_s3::config::Builder::from(&aws::sdk_config(endpoint));
    Client::from_conf(config.force_path_style(true).request_checksum_calculation(checksums).build())
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce(&ureq::Agent) -> Result<T, ureq::Error> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(move || ask(&http::agent(None)))
        .await?
        .context("the S3 model's admin endpoint doesn't answer")
}
