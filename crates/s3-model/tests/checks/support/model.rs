//! The S3 that the checks share: the model as a process of its own, or another endpoint.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aws_sdk_s3::config::Credentials;
use tempfile::TempDir;

/// The S3 that is checked, and the credentials for it.
pub struct Target {
    pub endpoint: String,
    pub region: String,
    pub credentials: Credentials,
    _model: Option<Arc<Model>>,
}

impl Target {
    /// The endpoint of the environment, or the model, started if no other check uses it.
    pub fn get() -> Self {
        let Ok(endpoint) = env::var("S3_CHECKS_ENDPOINT") else {
            let model = Model::shared();
            let credentials = Credentials::new("test", "test", None, None, "checks");
            return Self {
                endpoint: model.endpoint.clone(),
                region: "us-east-1".into(),
                credentials,
                _model: Some(model),
            };
        };
        let region = env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".into());
        let variable = |name| env::var(name).unwrap_or_else(|_| panic!("S3_CHECKS_ENDPOINT needs {name}"));
        let (key, secret) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
        let credentials =
            Credentials::new(key, secret, env::var("AWS_SESSION_TOKEN").ok(), None, "environment");
        Self { endpoint, region, credentials, _model: None }
    }
}

/// Whether the checks ask the model, which has every region.
pub fn is_model() -> bool {
    env::var("S3_CHECKS_ENDPOINT").is_err()
}

/// The model on free ports, with timing off. It ends with the last check that uses it.
struct Model {
    endpoint: String,
    process: Child,
    _data: TempDir,
}

impl Model {
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Model>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let model = Arc::new(Self::start());
            *shared = Arc::downgrade(&model);
            model
        })
    }

    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_lambench-s3-model"))
            .args(["--port=0", "--admin-port=0", "--instant", "--data"])
            .arg(data.path())
            .env_remove("S3MODEL_ACCESS_KEY")
            .env_remove("S3MODEL_SECRET_KEY")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("ready"), "the model did not print that it is ready, but {line:?}");
        Self { endpoint: words.next().unwrap().to_owned(), process, _data: data }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
