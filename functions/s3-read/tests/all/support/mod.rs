//! What the functions' tests stand on.
#![allow(dead_code, reason = "each test uses its part")]

pub mod aws;
pub mod server;

use std::sync::Arc;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_lambda_events::sqs::SqsEvent;
use lambda_kit::sqs::DeadLetters;
use protocol::s3_read::{HashAlgorithm, Variant, signed_body};
use s3_read::object_client::ObjectClient;
use s3_read::reader::{Reader, Settings};
use s3_read::table::Table;
use serde_json::{Value, json};

use aws::Aws;
use server::Server;

pub const VARIANTS: [Variant; 2] = [Variant::Signed, Variant::Sdk];
const PATIENCE: Duration = Duration::from_secs(30);

/// S3 at the test's server.
pub fn s3_config(server: &Server) -> SdkConfig {
    let credentials = Credentials::new("id", "key", Some("token".to_owned()), None, "test");
    let second = Duration::from_secs(1);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(server.url())
        .timeout_config(TimeoutConfig::builder().connect_timeout(second).read_timeout(second).build())
        .build()
}

/// A reader, and the world as it sees it.
pub struct World {
    pub variant: Variant,
    pub server: Server,
    pub aws: Aws,
    reader: Arc<Reader>,
}

impl World {
    pub async fn new(variant: Variant) -> Self {
        Self::with(variant, HashAlgorithm::Md5, 10).await
    }

    pub async fn with(variant: Variant, algorithm: HashAlgorithm, concurrency: usize) -> Self {
        let (server, aws) = (Server::start().await, Aws::new());
        let settings = Settings {
            variant,
            bucket: "shop".to_owned(),
            algorithm,
            concurrency,
            max_receives: 5,
            worker: "2026/11/21/[$LATEST]0123".to_owned(),
            memory_mb: 512,
            metrics_namespace: "test".to_owned(),
        };
        let client = ObjectClient::new(&s3_config(&server), variant, "shop").await.unwrap();
        let table = Table::new(aws.config(), "read".to_owned());
        let dead_letters = DeadLetters::new(aws.config(), "https://sqs/dead".to_owned());
        let reader = Arc::new(Reader::new(settings, client, table, dead_letters));
        Self { variant, server, aws, reader }
    }

    /// The body that names an object.
    pub fn body(&self, key: &str) -> String {
        match self.variant {
            Variant::Signed => signed_body(&format!("{}?X-Amz-Signature=1", self.server.object_url(key))),
            Variant::Sdk => key.to_owned(),
        }
    }

    /// Hands over messages with these bodies; returns the numbers of those that come again.
    pub async fn deliver(&self, bodies: &[String], receives: u32, remaining: Duration) -> Vec<usize> {
        let records = bodies.iter().enumerate().map(|(id, body)| message(id, body, receives)).collect();
        self.hand_over(records, remaining).await
    }

    /// Hands over messages with these bodies, for the first time, after a change.
    pub async fn deliver_with(&self, bodies: &[String], change: impl Fn(usize, &mut Value)) -> Vec<usize> {
        let mut records: Vec<_> = bodies.iter().enumerate().map(|(id, body)| message(id, body, 1)).collect();
        records.iter_mut().enumerate().for_each(|(id, message)| change(id, message));
        self.hand_over(records, PATIENCE).await
    }

    async fn hand_over(&self, records: Vec<Value>, remaining: Duration) -> Vec<usize> {
        let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        let response = self.reader.handle(event, "request-1".to_owned(), remaining).await;
        response.batch_item_failures.iter().map(|one| one.item_identifier.parse().unwrap()).collect()
    }

    /// Hands over messages that name these objects, for the first time.
    pub async fn read(&self, keys: &[&str]) -> Vec<usize> {
        let bodies: Vec<_> = keys.iter().map(|key| self.body(key)).collect();
        self.deliver(&bodies, 1, PATIENCE).await
    }
}

fn message(id: usize, body: &str, receives: u32) -> Value {
    json!({
        "messageId": id.to_string(),
        "body": body,
        "attributes": { "ApproximateReceiveCount": receives.to_string() },
        "messageAttributes": {
            "Run": { "stringValue": "run-1", "dataType": "String" },
            "SentAt": { "stringValue": "1795255200000000", "dataType": "Number" },
        },
        "eventSource": "aws:sqs",
    })
}
