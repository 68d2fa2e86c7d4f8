//! The model as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use std::time::Duration;
use tempfile::TempDir;

/// The bucket that each model starts with.
pub const BUCKET: &str = "bench-bucket";

/// A model that ends with its owner.
pub struct Model {
    process: Child,
    pub address: String,
    pub client: Client,
    _data: TempDir,
}

impl Model {
    /// Starts it with `options` beside those it cannot do without, and with a bucket.
    pub async fn start(options: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut process = Command::new(program())
            .args(["--port=0", "--admin-port=0", "--data"])
            .arg(data.path())
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("build it first: make bench-s3-model");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let endpoint = line.split_whitespace().nth(1).unwrap().to_owned();
        let client = client(&endpoint);
        client.create_bucket().bucket(BUCKET).send().await.unwrap();
        let address = endpoint.trim_start_matches("http://").to_owned();
        Self { process, address, client, _data: data }
    }

    /// CPU time that it has used, in seconds.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
        // What Linux counts in, whatever the kernel's own clock: USER_HZ.
        ticks / 100.0
    }

    /// A field of `/proc/<pid>/status` in MB.
    pub fn memory(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes * 1024.0 / 1e6
    }

    /// A signed request to get an object.
    pub async fn get(&self, key: &str) -> PresignedRequest {
        self.client.get_object().bucket(BUCKET).key(key).presigned(an_hour()).await.unwrap()
    }

    /// A signed request to copy the object `source` to `key`.
    pub async fn copy(&self, source: &str, key: &str) -> PresignedRequest {
        // The SDK signs no copy without sending it. It is a put with this header.
        let source = format!("{BUCKET}/{source}");
        let put = self.client.put_object().bucket(BUCKET).key(key).customize();
        let copy = put.mutate_request(move |request| {
            request.headers_mut().insert("x-amz-copy-source", source.clone());
        });
        copy.presigned(an_hour()).await.unwrap()
    }

    /// A signed request to put an object.
    pub async fn put(&self, key: &str) -> PresignedRequest {
        self.client.put_object().bucket(BUCKET).key(key).presigned(an_hour()).await.unwrap()
    }
}

fn an_hour() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_hours(1)).unwrap()
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Beside the folder of this example.
fn program() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    example.parent().and_then(|folder| folder.parent()).unwrap().join("lambench-s3-model")
}

fn client(endpoint: &str) -> Client {
    let settings = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("test", "test", None, None, "bench"))
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    Client::from_conf(settings.build())
}
