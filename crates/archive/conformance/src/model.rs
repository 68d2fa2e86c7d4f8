//! The S3 model of one test, and runs of a contender on it.

use std::time::Duration;

use aws_credential_types::Credentials;
use contender_kit::{Invocation, Request, invoke};
use lambda_kit::{Deadline, Failure};
use s3_client::{S3, Settings};
use s3_model::options::Options;
use s3_model::server::Server;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::Contender;

/// The prefix of objects without one of their own.
pub const FILES: &str = "files";
/// The archive's key.
pub const ARCHIVE: &str = "archives/a b/x.zip";
const BUCKET: &str = "bucket";
/// What takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What ends a run.
#[derive(Clone)]
pub struct Limit {
    /// Time that the invocation has.
    pub time: Duration,
    /// Cancelled when the environment ends.
    pub terminated: CancellationToken,
}

impl Default for Limit {
    fn default() -> Self {
        Self { time: Duration::from_mins(15), terminated: CancellationToken::new() }
    }
}

/// S3 with one bucket.
pub struct Model {
    /// The bucket.
    pub s3: S3,
    /// Where archives are to be.
    pub archive_key: String,
    admin: String,
    _server: AbortOnDropHandle<anyhow::Result<()>>,
    _data: TempDir,
}

impl Model {
    /// Without latency, bandwidth and request rates.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let server = Server::bind(&Options::for_test(data.path())).await.expect("a server");
        let line = server.ready_line().expect("its ports");
        let urls: Vec<_> = line.split(' ').filter(|word| word.starts_with("http:")).collect();
        let [endpoint, admin] = urls[..] else { panic!("no two addresses: {line}") };
        let server = tokio::spawn(server.serve(std::future::pending()));
        let settings = Settings {
            endpoint: Some(endpoint.to_owned()),
            region: "us-east-1".to_owned(),
            credentials: Credentials::new("test", "test", None, None, "test"),
            concurrency: 128,
        };
        let s3 = S3::new(settings, BUCKET).expect("a client");
        // An object without a key is the bucket.
        s3.put("", Vec::new()).await.expect("a bucket");
        let admin = admin.trim_start_matches("http://").to_owned();
        let archive_key = ARCHIVE.to_owned();
        Self { s3, archive_key, admin, _server: AbortOnDropHandle::new(server), _data: data }
    }

    /// Lets the contender make the archive of what is below `prefix`, as an invocation with this limit; what it answers.
    ///
    /// # Errors
    /// The contender's.
    pub async fn archive(&self, contender: &Contender, prefix: &str, limit: Limit) -> Result<Value, Failure> {
        let request = Request {
            bucket_name: BUCKET.to_owned(),
            files_prefix: prefix.to_owned(),
            archive_key: self.archive_key.clone(),
        };
        let invocation = Invocation { deadline: Deadline::after(limit.time), terminated: limit.terminated };
        let made = invoke(contender.name, &self.s3, request, invocation, &contender.work).await;
        made.map(|made| json!(made))
    }

    /// Sets the model's faults, and no others.
    pub async fn faults(&self, rules: Value) {
        self.ask("PUT", "/faults", &rules.to_string()).await;
    }

    async fn requests(&self, operation: &str) -> u64 {
        let rows = self.counters().await;
        let rows = rows.iter().filter(|row| row["operation"] == operation);
        rows.filter_map(|row| row["requests"].as_u64()).sum()
    }

    async fn counters(&self) -> Vec<Value> {
        let counters: Value = serde_json::from_str(&self.ask("GET", "/counters", "").await).expect("JSON");
        counters["requests"].as_array().expect("a list").clone()
    }

    /// Waits until the client has counted as many writes and reads as the model charges for: a request that nobody waits for any
    /// more may be under way still.
    pub async fn until_counted(&self) {
        let (mut own, mut charged) = ([0; 2], [1; 2]);
        let counted = async {
            while own != charged {
                tokio::task::yield_now().await;
                (own, charged) = (self.own_counts(), self.charged().await);
            }
        };
        let is_in_time = timeout(PATIENCE, counted).await.is_ok();
        assert!(is_in_time, "the client has counted {own:?} writes and reads, and the model {charged:?}");
    }

    /// Writes and reads by the client's count.
    fn own_counts(&self) -> [u64; 2] {
        self.s3.charged().by_method().fold([0; 2], |[writes, reads], (method, count)| match method {
            "GET" | "HEAD" => [writes, reads + count],
            _ => [writes + count, reads],
        })
    }

    /// Writes and reads that S3 charges for.
    async fn charged(&self) -> [u64; 2] {
        let number = |row: &Value, name: &str| row[name].as_u64().expect("a number");
        self.counters().await.iter().fold([0; 2], |[writes, reads], row| {
            let count = number(row, "requests") - number(row, "server_errors");
            match row["operation"].as_str().expect("a name") {
                free if free.starts_with("Delete") || free.starts_with("Abort") => [writes, reads],
                read if read.starts_with("Get") || read.starts_with("Head") => [writes, reads + count],
                _ => [writes + count, reads],
            }
        })
    }

    /// Waits for the first request of an operation.
    pub async fn until_asked(&self, operation: &str) {
        let asked = async {
            while self.requests(operation).await == 0 {
                tokio::task::yield_now().await;
            }
        };
        assert!(timeout(PATIENCE, asked).await.is_ok(), "no {operation} came");
    }

    /// Waits until the archive's upload has started, and a temporary object tells of it.
    pub async fn until_started(&self) {
        let started = async {
            while !self.left().await.iter().any(|key| key.contains("/upload/")) {
                tokio::task::yield_now().await;
            }
        };
        assert!(timeout(PATIENCE, started).await.is_ok(), "no upload has started");
    }

    /// Temporary objects and open uploads.
    pub async fn left(&self) -> Vec<String> {
        let objects = self.s3.list("seg-temps/", None).await.expect("a list").objects;
        let uploads = self.s3.list_uploads("").await.expect("a list");
        let uploads = uploads.into_iter().map(|upload| format!("upload of {}", upload.key));
        objects.into_iter().map(|object| object.key).chain(uploads).collect()
    }

    /// Neither an archive nor anything that led to one.
    pub async fn has_nothing(&self) {
        assert_eq!(self.left().await, [""; 0]);
        assert!(
            self.s3.list("archives/", None).await.expect("a list").objects.is_empty(),
            "an archive is there"
        );
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: model\r\nconnection: close\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        let mut connection = TcpStream::connect(&self.admin).await.expect("the admin endpoint");
        connection.write_all(request.as_bytes()).await.expect("a connection");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer.split_once("\r\n\r\n").expect("a body").1.to_owned()
    }
}
