//! A model of one test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region, StalledStreamProtectionConfig};
use aws_smithy_http_client as http_client;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use serde_json::Value;
use tempfile::TempDir;

pub const BUCKET: &str = "bucket";

/// The model as a process, with one bucket, and a client that sends each request once and trusts its certificate.
pub struct Model {
    pub client: Client,
    pub endpoint: String,
    /// The authority of its certificate, PEM, if it has one.
    pub authority: Option<String>,
    admin: String,
    process: Child,
    _folder: TempDir,
}

impl Model {
    /// Without latency, links and request rates.
    pub async fn instant() -> Self {
        Self::start(|command, _| _ = command.arg("--instant")).await
    }

    /// With the constants of a profile.
    pub async fn with_profile(profile: &str) -> Self {
        Self::start(|command, folder| {
            let file = folder.path().join("profile.toml");
            std::fs::write(&file, profile).unwrap();
            command.arg("--profile").arg(file);
        })
        .await
    }

    /// Without latency, links and request rates, but with a certificate.
    pub async fn with_tls() -> Self {
        Self::start(|command, folder| {
            let names = ["localhost", "127.0.0.1"].map(str::to_owned);
            let pair = rcgen::generate_simple_self_signed(names).unwrap();
            let files = ["--tls-certificate", "--tls-key"].map(|option| (option, folder.path().join(option)));
            for ((option, file), pem) in files.iter().zip([pair.cert.pem(), pair.signing_key.serialize_pem()])
            {
                std::fs::write(file, pem).unwrap();
                command.arg(option).arg(file);
            }
            command.arg("--instant");
        })
        .await
    }

    async fn start(set: impl FnOnce(&mut Command, &TempDir)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lambench-s3-model"));
        command.args(["--port=0", "--admin-port=0", "--data"]).arg(folder.path().join("data"));
        for (variable, value) in [("S3MODEL_ACCESS_KEY", "test"), ("S3MODEL_SECRET_KEY", "test")] {
            command.env(variable, value);
        }
        set(&mut command, &folder);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        let ["ready", endpoint, "admin", admin] = words[..] else {
            panic!("the model did not print that it is ready, but {line:?}")
        };
        let (endpoint, admin) = (endpoint.to_owned(), admin.to_owned());
        let authority = std::fs::read_to_string(folder.path().join("--tls-certificate")).ok();
        let client = client(&endpoint, authority.as_deref());
        client.create_bucket().bucket(BUCKET).send().await.unwrap();
        Self { client, endpoint, authority, admin, process, _folder: folder }
    }

    /// Puts an object.
    pub async fn put(&self, key: &str, body: &[u8]) {
        self.try_put(key, body).await.unwrap();
    }

    /// Tries to put an object; the code of the refusal if it fails.
    pub async fn try_put(&self, key: &str, body: &[u8]) -> Result<(), String> {
        let sent = self.client.put_object().bucket(BUCKET).key(key).body(body.to_vec().into()).send().await;
        sent.map(drop).map_err(|error| code(&error))
    }

    /// Tries to get an object; the code of the refusal, or `broken` if its body doesn't come whole and right.
    pub async fn try_get(&self, key: &str) -> Result<Vec<u8>, String> {
        let sent = self.client.get_object().bucket(BUCKET).key(key).send().await;
        let body = sent.map_err(|error| code(&error))?.body;
        body.collect()
            .await
            .map(aws_sdk_s3::primitives::AggregatedBytes::to_vec)
            .map_err(|_| "broken".to_owned())
    }

    /// These faults from now on.
    pub fn set_faults(&self, rules: &str) {
        assert_eq!(self.try_set_faults(rules), (204, String::new()));
    }

    /// Status and answer of the admin endpoint.
    pub fn try_set_faults(&self, rules: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.put(format!("{}/faults", self.admin)).send(rules).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// What the admin endpoint answers at a path.
    pub fn admin(&self, path: &str) -> Value {
        serde_json::from_str(&self.admin_text(path)).unwrap()
    }

    /// The same, as text.
    pub fn admin_text(&self, path: &str) -> String {
        ureq::get(format!("{}{path}", self.admin)).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// Resets the counters.
    pub fn reset(&self) {
        assert_eq!(ureq::post(format!("{}/reset", self.admin)).send_empty().unwrap().status(), 204);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        assert_eq!(ureq::delete(format!("{}/faults", self.admin)).call().unwrap().status(), 204);
    }

    /// One counter of an operation of the access key `test`; 0 before the first request.
    pub fn counter(&self, operation: &str, name: &str) -> u64 {
        let counters = self.admin("/counters");
        let rows = counters["requests"].as_array().unwrap().clone();
        let row = rows.iter().find(|row| row["operation"] == operation && row["access_key"] == "test");
        row.map_or(0, |row| row[name].as_u64().unwrap())
    }

    /// Waits for something that the server does by itself.
    pub fn wait_for(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !is_so(self) {
            assert!(Instant::now() < deadline, "{what}: not so within 10 s");
            std::thread::yield_now();
        }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client that trusts nobody but this authority, if there is one.
pub fn client(endpoint: &str, authority: Option<&str>) -> Client {
    let trust = authority
        .map_or_else(TrustStore::empty, |pem| TrustStore::empty().with_pem_certificate(pem.as_bytes()));
    let context = TlsContext::builder().with_trust_store(trust).build().unwrap();
    let tls = http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .http_client(tls.tls_context(context).build_https())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

fn code<E, R>(error: &aws_sdk_s3::error::SdkError<E, R>) -> String
where
    E: aws_sdk_s3::error::ProvideErrorMetadata,
{
    use aws_sdk_s3::error::ProvideErrorMetadata;
    error.code().unwrap_or("no answer").to_owned()
}
