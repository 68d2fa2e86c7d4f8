//! The table of what was read: an item an object.
//!
//! Beside its keys (`Run`, `Fileurl`) an item has `Filesize` (bytes), the hash (`Md5`, `Crc32` or `Sha256`), `Bucket`,
//! `Variant`, `FirstByteMs`, `TotalMs` (both from the first try on), `StartedUs`, `EndedUs` (µs since 1970), `SentUs` (when the
//! message was sent, where it says so), `Tries`, `Cold` (whether the environment was new), `MemoryMb`, `Worker` (the
//! environment, by the name of its log stream) and `MessageId`.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use lambda_kit::{Backoff, Failure};
use tokio::time::timeout_at;

/// Items that DynamoDB takes in a request.
const MAX_ITEMS: usize = 25;
/// A request that isn't answered within this is sent again.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Attributes by their names.
pub type Item = HashMap<String, AttributeValue>;
/// An item's keys.
pub type Key = (String, String);

/// The hash key of a run's items.
#[must_use]
pub fn run_key(run: &str, variant: impl std::fmt::Display) -> String {
    format!("{run}#{variant}")
}

/// The table.
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// A table by its name.
    #[must_use]
    pub fn new(config: &SdkConfig, name: String) -> Self {
        // No retries by the SDK: it would send again what is written already.
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(ATTEMPT).build())
            .build();
        Self { client: Client::from_conf(config), name }
    }

    /// Writes items, none of them twice; returns why not for those that are not written by `end`.
    pub async fn write(&self, items: Vec<Item>, end: Instant) -> HashMap<Key, String> {
        let mut unwritten = HashMap::new();
        for part in items.chunks(MAX_ITEMS) {
            unwritten.extend(self.write_part(part.to_vec(), end).await);
        }
        unwritten
    }

    async fn write_part(&self, mut items: Vec<Item>, end: Instant) -> HashMap<Key, String> {
        let mut backoff = Backoff::default();
        loop {
            let reason = match timeout_at(end.into(), self.put(&items)).await {
                Ok(Ok(left_out)) if left_out.is_empty() => return HashMap::new(),
                Ok(Ok(left_out)) => {
                    items.retain(|item| left_out.contains(&key(item)));
                    "DynamoDB has left items out: the table is throttled".to_owned()
                }
                Ok(Err(failure)) => failure.to_string(),
                Err(_) => format!("the invocation's time was up before the table {} answered", self.name),
            };
            if Instant::now() >= end {
                return items.iter().map(|item| (key(item), reason.clone())).collect();
            }
            tracing::warn!(reason, items = items.len(), "the items are written again");
            backoff.pause(end).await;
        }
    }

    /// Writes items at once; returns the keys of those that DynamoDB has left out.
    async fn put(&self, items: &[Item]) -> Result<HashSet<Key>, Failure> {
        let requests = items.iter().map(write).collect();
        let answer = self.client.batch_write_item().request_items(&self.name, requests).send().await;
        let answer = answer.map_err(|error| {
            Failure::aws(format_args!("write {} items to the table {}", items.len(), self.name), &error)
        })?;
        let left_out = answer.unprocessed_items.unwrap_or_default().remove(&self.name).unwrap_or_default();
        Ok(left_out.iter().filter_map(WriteRequest::put_request).map(|put| key(put.item())).collect())
    }
}

/// An item's keys.
#[must_use]
pub fn key(item: &Item) -> Key {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    (text("Run"), text("Fileurl"))
}

fn write(item: &Item) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item.clone())).build();
    WriteRequest::builder().put_request(put.expect("the item is set")).build()
}
