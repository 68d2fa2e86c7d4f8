//! Images of the table's stream become rows.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures::future::LocalBoxFuture;
use lambda_kit::postgres::Cluster;
use lambda_kit::sql::{Driver, SqlTransport, SqlxDriver};
use lambda_kit::{Deadline, Failure, now_us};
use protocol::pipeline::Hop;

use crate::batch::{BatchResult, Entry, Records, merge, read};
use crate::dead_letters::DeadLetters;
use crate::delivery::Delivery;
use crate::metrics::Metrics;
use crate::retry::Limits;
use crate::store::{Invocation, Store, Stored};

/// What `downstream` is set up with.
pub struct Downstream {
    table: Table,
    dead_letters: DeadLetters,
    metrics: Metrics,
}

/// The table in PostgreSQL.
struct Table {
    cluster: Cluster,
    transport: SqlTransport,
}

impl Downstream {
    /// From the environment; see [`Cluster::from_env`], [`SqlTransport::from_env`], `DEAD_LETTER_URL` and `METRICS_NAMESPACE`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let cluster = Cluster::from_env()?;
        let transport = SqlTransport::from_env(config, &cluster)?;
        let metrics = Metrics::from_env("downstream")?;
        Ok(Self::new(cluster, transport, DeadLetters::from_env(config, metrics.clone())?, metrics))
    }

    /// For a cluster and a way to reach it.
    #[must_use]
    pub fn new(
        cluster: Cluster,
        transport: SqlTransport,
        dead_letters: DeadLetters,
        metrics: Metrics,
    ) -> Self {
        Self { table: Table { cluster, transport }, dead_letters, metrics }
    }

    /// Stores a batch; the answer says from where it has to come again. The invocation is known by `request_id`.
    #[must_use]
    pub fn handle<'a>(
        &'a self,
        event: &'a Event,
        request_id: &'a str,
        remaining: Duration,
    ) -> LocalBoxFuture<'a, DynamoDbEventResponse> {
        Box::pin(async move {
            let (deadline, records) = (Deadline::after(remaining), &event.records);
            let invocation = Invocation { request_id, downstream_us: now_us() };
            // In a box: futures nested any deeper are too much for the compiler.
            let result = Box::pin(self.table.store(records, invocation, deadline, &self.metrics)).await;
            response(self.dead_letters.settle(result, records, deadline.answer()).await)
        })
    }
}

/// The answer to a batch of an event source with `ReportBatchItemFailures`.
fn response(lowest_failed: Option<String>) -> DynamoDbEventResponse {
    let failure = |sequence_number| {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_number);
        failure
    };
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = lowest_failed.into_iter().map(failure).collect();
    response
}

impl Table {
    async fn store(
        &self,
        records: &[EventRecord],
        invocation: Invocation<'_>,
        deadline: Deadline,
        metrics: &Metrics,
    ) -> BatchResult {
        let mut result = BatchResult::default();
        let images = records.iter().enumerate().filter(|(_, record)| has_image(record));
        let deliveries =
            images.map(|(position, record)| (position, Delivery::from_image(&record.change.new_image)));
        let entries = merge(read(deliveries, &mut result));
        let stored = self.upsert(&entries, invocation, deadline, &mut result).await;
        report(&stored, records, metrics);
        result
    }

    async fn upsert(
        &self,
        entries: &[Entry],
        invocation: Invocation<'_>,
        deadline: Deadline,
        result: &mut BatchResult,
    ) -> Stored {
        match &self.transport {
            SqlTransport::Sqlx(postgres) => {
                let mut driver = SqlxDriver::new(Arc::clone(postgres), &self.cluster.writer);
                let stored = self.store_by(&mut driver, invocation, deadline).store(entries, result).await;
                driver.release();
                stored
            }
            SqlTransport::DataApi(driver) => {
                self.store_by(&mut driver.clone(), invocation, deadline).store(entries, result).await
            }
        }
    }

    fn store_by<'a, D: Driver>(
        &self,
        driver: &'a mut D,
        invocation: Invocation<'a>,
        deadline: Deadline,
    ) -> Store<'a, D> {
        let limits = Limits { end: deadline.work(), statement_timeout: self.cluster.statement_timeout };
        Store { driver, invocation, limits }
    }
}

/// Whether a record is about an item that is there. TTL and people delete items; rows stay.
fn has_image(record: &EventRecord) -> bool {
    matches!(record.event_name.as_str(), "INSERT" | "MODIFY")
}

fn report(stored: &Stored, records: &[EventRecord], metrics: &Metrics) {
    let passed_over = records.iter().filter(|record| !has_image(record)).count();
    if passed_over > 0 {
        tracing::info!(passed_over, "records are neither INSERT nor MODIFY");
    }
    metrics.duplicates(stored.deliveries - stored.new);
    let rows = stored.confirmed.iter();
    metrics.latencies(rows.clone().map(|row| row.all));
    metrics.hop(Hop::Table, rows.clone().map(|row| row.table));
    metrics.hop(Hop::Row, rows.map(|row| row.row));
}

impl Records for Vec<EventRecord> {
    fn sequence_number(&self, position: usize) -> &str {
        self[position].change.sequence_number.as_deref().unwrap_or_default()
    }

    fn text(&self, position: usize) -> String {
        serde_json::to_string(&self[position].change.new_image).unwrap_or_default()
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
