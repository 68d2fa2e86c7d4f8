//! The DynamoDB table.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use futures::{StreamExt, stream};
use lambda_kit::{Backoff, Failure};
use tokio::time::timeout_at;

use crate::batch::{Entry, Outcome, parts};
use crate::delivery::Delivery;
use crate::fields::Name;
use crate::image;

/// Items that DynamoDB takes in a request.
const MAX_ITEMS: usize = 25;
/// Text of a request's items: far from the 16 MB that DynamoDB takes, whatever JSON adds.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Requests under way at once.
const AT_ONCE: usize = 4;
/// A request that isn't answered within this is sent again.
const ATTEMPT: Duration = Duration::from_secs(5);

/// The table of messages.
pub struct Table {
    client: Client,
    name: String,
}

/// Why DynamoDB has not taken a request.
enum Trouble {
    /// An item of it is one that it never takes.
    Invalid(String),
    /// Not now.
    Later(Failure),
}

impl Table {
    /// A table by its name.
    pub fn new(config: &SdkConfig, name: String) -> Self {
        // No retries by the SDK: it would send again what is written already.
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(ATTEMPT).build())
            .build();
        Self { client: Client::from_conf(config), name }
    }

    /// Writes the items; what is refused, and what isn't written by `end`, goes into `outcome`.
    pub async fn write(&self, entries: &[Entry], end: Instant, outcome: &mut Outcome) {
        let outcomes = stream::iter(parts(entries, MAX_ITEMS, MAX_BYTES, text))
            .map(|part| self.write_part(part, end))
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>();
        outcomes.await.into_iter().for_each(|one| outcome.merge(one));
    }

    async fn write_part(&self, part: &[Entry], end: Instant) -> Outcome {
        let (mut outcome, mut backoff) = (Outcome::default(), Backoff::default());
        let mut groups: Vec<Vec<&Entry>> = vec![part.iter().collect()];
        while let Some(group) = groups.pop() {
            match self.put(&group, end).await {
                Ok(unprocessed) if unprocessed.is_empty() => continue,
                Ok(unprocessed) => groups.push(unprocessed),
                Err(Trouble::Invalid(reason)) => {
                    match group[..] {
                        [entry] => outcome.refuse(entry, &reason),
                        // Which of them it is shows when each comes alone.
                        _ => groups.extend(group.into_iter().map(|entry| vec![entry])),
                    }
                    continue;
                }
                Err(Trouble::Later(failure)) => {
                    tracing::warn!(%failure, items = group.len(), "the items are written again");
                    groups.push(group);
                }
            }
            if Instant::now() >= end {
                break;
            }
            backoff.pause(end).await;
        }
        outcome.fail(groups.into_iter().flatten());
        outcome
    }

    /// Writes items at once; returns those that DynamoDB has left out.
    async fn put<'a>(&self, items: &[&'a Entry], end: Instant) -> Result<Vec<&'a Entry>, Trouble> {
        let request = self
            .client
            .batch_write_item()
            .request_items(&self.name, items.iter().copied().map(write).collect());
        let doing = format_args!("write {} items to the table {}", items.len(), self.name);
        let answer = match timeout_at(end.into(), request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let failure = Failure::aws(doing, &error);
                let invalid = error.code() == Some("ValidationException");
                return Err(if invalid {
                    Trouble::Invalid(failure.to_string())
                } else {
                    Trouble::Later(failure)
                });
            }
            Err(late) => return Err(Trouble::Later(late.into())),
        };
        let left_out = answer.unprocessed_items.unwrap_or_default().remove(&self.name).unwrap_or_default();
        let ids: Vec<&str> = left_out.iter().filter_map(id).collect();
        Ok(items.iter().copied().filter(|entry| ids.contains(&entry.delivery.id.as_str())).collect())
    }
}

fn text(delivery: &Delivery) -> usize {
    delivery.id.len() + delivery.message.len()
}

fn write(entry: &Entry) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(image::attributes(&entry.delivery))).build();
    WriteRequest::builder().put_request(put.expect("the item is set")).build()
}

fn id(request: &WriteRequest) -> Option<&str> {
    let item = request.put_request()?.item();
    item.get(Name::Id.text())?.as_s().ok().map(String::as_str)
}
