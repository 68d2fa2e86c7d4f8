//! The model as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_smithy_http_client as http_client;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::time::Duration;
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

/// The bucket that each model starts with.
pub const BUCKET: &str = "bench-bucket";

/// How the model is reached.
#[derive(Clone)]
pub struct Address {
    /// Host and port.
    pub host: String,
    /// None for plain HTTP.
    pub tls: Option<TlsConnector>,
}

/// A model that ends with its owner.
pub struct Model {
    process: Child,
    pub address: Address,
    pub client: Client,
    _data: TempDir,
}

impl Model {
    /// Starts it with `options` beside those it cannot do without, with a certificate and a bucket.
    pub async fn start(options: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (certificate, key) = (data.path().join("certificate"), data.path().join("key"));
        std::fs::write(&certificate, pair.cert.pem()).unwrap();
        std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        let mut process = Command::new(program())
            .args(["--port=0", "--admin-port=0", "--data"])
            .arg(data.path().join("data"))
            .arg("--tls-certificate")
            .arg(certificate)
            .arg("--tls-key")
            .arg(key)
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("build it first: make bench-s3-model");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let endpoint = line.split_whitespace().nth(1).unwrap().to_owned();
        let client = client(&endpoint, &pair.cert.pem());
        client.create_bucket().bucket(BUCKET).send().await.unwrap();
        let address = Address {
            host: endpoint.trim_start_matches("https://").to_owned(),
            tls: Some(connector(&pair.cert.pem())),
        };
        Self { process, address, client, _data: data }
    }

    /// Its address for plain HTTP.
    pub fn plain(&self) -> Address {
        Address { host: self.address.host.clone(), tls: None }
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

    /// A signed request for the headers of an object.
    pub async fn head(&self, key: &str) -> PresignedRequest {
        self.client.head_object().bucket(BUCKET).key(key).presigned(an_hour()).await.unwrap()
    }

    /// A signed request to copy the object `source` to a part of an upload.
    pub async fn part_copy(&self, source: &str, key: &str, upload: &str) -> PresignedRequest {
        let source = format!("{BUCKET}/{source}");
        let part = self.client.upload_part().bucket(BUCKET).key(key).upload_id(upload).part_number(1);
        let copy = part.customize().mutate_request(move |request| {
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

fn connector(authority: &str) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn client(endpoint: &str, authority: &str) -> Client {
    let trust = TrustStore::empty().with_pem_certificate(authority.as_bytes());
    let context = TlsContext::builder().with_trust_store(trust).build().unwrap();
    let tls = http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let settings = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("test", "test", None, None, "bench"))
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .http_client(tls.tls_context(context).build_https())
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    Client::from_conf(settings.build())
}
