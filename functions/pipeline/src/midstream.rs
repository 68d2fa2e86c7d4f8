//! Kinesis records become items of the table.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::encodings::Base64Data;
use aws_lambda_events::streams::KinesisEventResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::LocalBoxFuture;
use lambda_kit::{Deadline, Failure, env, now_us};
use protocol::pipeline::Hop;
use serde::Deserialize;

use crate::batch::{BatchResult, Records, merge, read};
use crate::dead_letters::DeadLetters;
use crate::delivery::Delivery;
use crate::metrics::{Metrics, micros};
use crate::table::Table;

/// What of a batch of Kinesis matters here. `aws_lambda_events` refuses a batch whose times have more digits than milliseconds.
#[derive(Debug, Deserialize)]
pub struct KinesisEvent {
    #[serde(rename = "Records")]
    records: Vec<KinesisRecord>,
}

#[derive(Debug, Deserialize)]
struct KinesisRecord {
    kinesis: KinesisData,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisData {
    sequence_number: String,
    data: Base64Data,
}

/// What `midstream` is set up with.
pub struct Midstream {
    table: Table,
    dead_letters: DeadLetters,
    metrics: Metrics,
}

impl Midstream {
    /// From the environment: `TABLE_NAME`, `DEAD_LETTER_URL`, `METRICS_NAMESPACE`.
    ///
    /// # Errors
    /// If a variable is missing.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let table = env::setting("TABLE_NAME", "the name of the DynamoDB table")?;
        let metrics = Metrics::from_env("midstream")?;
        Ok(Self::new(config, table, DeadLetters::from_env(config, metrics.clone())?, metrics))
    }

    /// For a table by its name.
    #[must_use]
    pub fn new(config: &SdkConfig, table: String, dead_letters: DeadLetters, metrics: Metrics) -> Self {
        Self { table: Table::new(config, table), dead_letters, metrics }
    }

    /// Writes a batch; the answer says from where it has to come again. The invocation is known by `request_id`.
    #[must_use]
    pub fn handle<'a>(
        &'a self,
        event: &'a KinesisEvent,
        request_id: &'a str,
        remaining: Duration,
    ) -> LocalBoxFuture<'a, KinesisEventResponse> {
        Box::pin(async move {
            let (midstream_us, deadline) = (now_us(), Deadline::after(remaining));
            let mut result = BatchResult::default();
            let records = event.records.iter().enumerate();
            let deliveries = records.map(|(position, record)| {
                (position, Delivery::from_record(&record.kinesis.data.0, midstream_us, request_id))
            });
            let entries = merge(read(deliveries, &mut result));
            self.table.write(&entries, deadline.work(), &mut result).await;
            // What comes again is counted then.
            self.metrics.hop(
                Hop::Stream,
                result.done(&entries).map(|entry| micros(entry.delivery.arrived_us, midstream_us)),
            );
            response(self.dead_letters.settle(result, &event.records, deadline.answer()).await)
        })
    }
}

/// The answer to a batch of an event source with `ReportBatchItemFailures`.
fn response(lowest_failed: Option<String>) -> KinesisEventResponse {
    let mut response = KinesisEventResponse::default();
    response.set_failures(lowest_failed);
    response
}

impl Records for Vec<KinesisRecord> {
    fn sequence_number(&self, position: usize) -> &str {
        &self[position].kinesis.sequence_number
    }

    fn text(&self, position: usize) -> String {
        let data = &self[position].kinesis.data.0;
        std::str::from_utf8(data).map_or_else(|_| STANDARD.encode(data), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_reads_where_to_go_on() {
        let json = |failed: Option<&str>| serde_json::to_value(response(failed.map(str::to_owned))).unwrap();
        assert_eq!(json(None), serde_json::json!({ "batchItemFailures": [] }));
        assert_eq!(
            json(Some("4957")),
            serde_json::json!({ "batchItemFailures": [{ "itemIdentifier": "4957" }] })
        );
    }
}
