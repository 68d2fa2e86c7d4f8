//! Items written to a DynamoDB table, as many at once as it takes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures::{StreamExt, stream};
use tokio::time::timeout_at;

use crate::{Backoff, Failure, batch};

/// Items that DynamoDB takes in a request.
const MAX_ITEMS: usize = 25;
/// Contents of a request's items, bytes: far from the 16 MB that DynamoDB takes, whatever JSON adds.
const MAX_BYTES: usize = 2 << 20;
/// Requests under way at once.
const CONCURRENCY: usize = 4;
/// A request that isn't answered within this is sent again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Attributes by their names.
pub type Item = HashMap<String, AttributeValue>;

/// A table that items are written to.
pub struct BatchWriter {
    client: Client,
    table: String,
    key: &'static [&'static str],
}

/// An item that is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwritten {
    /// Its place among the items.
    pub index: usize,
    /// Why.
    pub reason: String,
    /// Whether DynamoDB never takes it.
    pub is_permanent: bool,
}

/// Why DynamoDB has not taken a request.
enum WriteError {
    /// An item of it is one that it never takes.
    Invalid(String),
    /// Not now.
    Transient(String),
}

impl BatchWriter {
    /// A table by its name, with the attributes that are its key.
    #[must_use]
    pub fn new(config: &SdkConfig, table: String, key: &'static [&'static str]) -> Self {
        // No retries by the SDK: it would send again what is written already.
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(ATTEMPT_TIMEOUT).build())
            .build();
        Self { client: Client::from_conf(config), table, key }
    }

    /// Writes items, no two of which have the same key; what DynamoDB leaves out is written again until `end`. Returns those
    /// that are not written: one that DynamoDB never takes stops no other.
    pub async fn write(&self, items: &[Item], end: Instant) -> Vec<Unwritten> {
        let all: Vec<usize> = (0..items.len()).collect();
        let batches = batch::split(&all, MAX_ITEMS, MAX_BYTES, |index| size(&items[*index]));
        stream::iter(batches)
            .map(|batch| self.write_batch(items, batch.to_vec(), end))
            .buffer_unordered(CONCURRENCY)
            .concat()
            .await
    }

    async fn write_batch(&self, items: &[Item], batch: Vec<usize>, end: Instant) -> Vec<Unwritten> {
        let (mut backoff, mut unwritten, mut reason) = (Backoff::default(), Vec::new(), String::new());
        let mut groups = vec![batch];
        while let Some(group) = groups.pop() {
            match self.put(items, &group, end).await {
                Ok(left_out) if left_out.is_empty() => continue,
                Ok(left_out) => {
                    "DynamoDB has left items out: the table is throttled".clone_into(&mut reason);
                    groups.push(left_out);
                }
                Err(WriteError::Invalid(reason)) => {
                    match group[..] {
                        [index] => unwritten.push(Unwritten { index, reason, is_permanent: true }),
                        // Which of them it is shows when each comes alone.
                        _ => groups.extend(group.into_iter().map(|index| vec![index])),
                    }
                    continue;
                }
                Err(WriteError::Transient(error)) => {
                    reason = error;
                    groups.push(group);
                }
            }
            if Instant::now() >= end {
                break;
            }
            tracing::warn!(reason, table = self.table, "items are written again");
            backoff.pause(end).await;
        }
        let late = |index| Unwritten { index, reason: reason.clone(), is_permanent: false };
        unwritten.extend(groups.into_iter().flatten().map(late));
        unwritten
    }

    /// Writes items in one request; returns those that DynamoDB has left out.
    async fn put(&self, items: &[Item], group: &[usize], end: Instant) -> Result<Vec<usize>, WriteError> {
        let requests = group.iter().map(|index| write_request(&items[*index])).collect();
        let request = self.client.batch_write_item().request_items(&self.table, requests);
        let answer = match timeout_at(end.into(), request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let doing = format_args!("write {} items to the table {}", group.len(), self.table);
                let failure = Failure::aws(doing, &error).to_string();
                let is_invalid = error.code() == Some("ValidationException");
                let error = if is_invalid { WriteError::Invalid } else { WriteError::Transient };
                return Err(error(failure));
            }
            Err(_) => {
                let reason = format!("the invocation's time was up before the table {} answered", self.table);
                return Err(WriteError::Transient(reason));
            }
        };
        let left_out = answer.unprocessed_items.unwrap_or_default().remove(&self.table).unwrap_or_default();
        let left_out: Vec<_> = left_out
            .iter()
            .filter_map(WriteRequest::put_request)
            .map(|put| self.key_of(put.item()))
            .collect();
        Ok(group.iter().copied().filter(|index| left_out.contains(&self.key_of(&items[*index]))).collect())
    }

    fn key_of<'a>(&self, item: &'a Item) -> Vec<Option<&'a AttributeValue>> {
        self.key.iter().map(|name| item.get(*name)).collect()
    }
}

fn write_request(item: &Item) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item.clone())).build();
    WriteRequest::builder().put_request(put.expect("the item is set")).build()
}

/// An item's names and contents, bytes.
fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::L(values) => values.iter().map(size_of_value).sum(),
        AttributeValue::M(item) => size(item),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use test_kit::aws::{self, Answer, Requests, requests};

    use super::*;

    fn writer(answer: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> (BatchWriter, Requests) {
        let (config, log) = aws::config(move |_, request| answer(request));
        (BatchWriter::new(&config, "table".to_owned(), &["id"]), log)
    }

    fn items(count: usize) -> Vec<Item> {
        let item = |id: usize| Item::from([("id".to_owned(), AttributeValue::S(id.to_string()))]);
        (0..count).map(item).collect()
    }

    fn ids(request: &Value) -> Vec<&str> {
        let writes = request["RequestItems"]["table"].as_array().unwrap();
        writes.iter().map(|write| write["PutRequest"]["Item"]["id"]["S"].as_str().unwrap()).collect()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_left_out_is_written_again() {
        let (writer, log) = writer(|request| {
            // The last of several is left out.
            let writes = request["RequestItems"]["table"].as_array().unwrap();
            let left_out = if writes.len() > 1 { json!({ "table": [writes.last()] }) } else { json!({}) };
            (200, json!({ "UnprocessedItems": left_out }))
        });
        assert_eq!(writer.write(&items(30), soon()).await, []);
        let sizes: Vec<_> =
            requests(&log, "BatchWriteItem").iter().map(|request| ids(request).len()).collect();
        assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (4, 32));
    }

    #[tokio::test]
    async fn an_item_that_dynamodb_never_takes_stops_no_other() {
        let (writer, log) = writer(|request| {
            if ids(request).contains(&"7") {
                return aws::error("ValidationException", json!({ "message": "too large" }));
            }
            (200, json!({ "UnprocessedItems": {} }))
        });
        let unwritten = writer.write(&items(10), soon()).await;
        let reason = "cannot write 1 items to the table table: ValidationException: too large".to_owned();
        assert_eq!(unwritten, [Unwritten { index: 7, reason, is_permanent: true }]);
        assert_eq!(requests(&log, "BatchWriteItem").len(), 11);
    }

    #[tokio::test]
    async fn what_is_not_written_in_time_says_why() {
        let (writer, _) = writer(|_| aws::error("ThrottlingException", json!({ "message": "not now" })));
        let unwritten = writer.write(&items(2), Instant::now() + Duration::from_millis(200)).await;
        assert_eq!(unwritten.len(), 2);
        assert!(unwritten.iter().all(|item| !item.is_permanent));
        assert!(unwritten[0].reason.ends_with("ThrottlingException: not now"), "{}", unwritten[0].reason);
    }

    #[tokio::test]
    async fn large_items_go_in_several_requests() {
        let (writer, log) = writer(|_| (200, json!({ "UnprocessedItems": {} })));
        let mut items = items(20);
        for item in &mut items {
            item.insert("text".to_owned(), AttributeValue::S("x".repeat(300_000)));
        }
        assert_eq!(writer.write(&items, soon()).await, []);
        let mut sizes: Vec<_> =
            requests(&log, "BatchWriteItem").iter().map(|request| ids(request).len()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [2, 6, 6, 6]);
    }
}
