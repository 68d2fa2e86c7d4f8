//! Which items of a run are in the queue.

use std::collections::HashSet;
use std::time::Instant;

use aws_sdk_dynamodb::operation::batch_execute_statement::BatchExecuteStatementOutput;
use aws_sdk_dynamodb::types::{BatchStatementErrorCodeEnum as Code, BatchStatementRequest};
use futures::future::try_join_all;
use protocol::run_log::{EXPIRES, ITEM, QUEUED_US, RUN, partition, partitions};

use super::{RunLog, expires, number, text};
use crate::{Backoff, Failure};

/// Statements that DynamoDB takes in a request.
const MAX_STATEMENTS: usize = 25;

/// DynamoDB has refused entries.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {entries} entries of run {run} to the run log {table}: {reason}")]
pub struct NotWritten {
    entries: usize,
    run: String,
    table: String,
    reason: String,
}

impl RunLog {
    /// Records that items were queued at a time (µs since 1970), unless the log has them already: whoever does an item may have
    /// been quicker. What DynamoDB throttles is retried until `end`.
    ///
    /// # Errors
    /// DynamoDB's.
    pub async fn record_queued(
        &self,
        run: &str,
        items: &[String],
        at_us: u64,
        end: Instant,
    ) -> Result<(), Failure> {
        for chunk in items.chunks(MAX_STATEMENTS) {
            let mut left: Vec<_> = chunk.iter().map(|item| self.insertion(run, item, at_us)).collect();
            let mut backoff = Backoff::default();
            while let Some(reason) = self.execute(run, &mut left).await? {
                if Instant::now() >= end {
                    return Err(self.not_written(run, left.len(), reason).into());
                }
                tracing::warn!(run, entries = left.len(), reason, "the entries are written again");
                backoff.pause(end).await;
            }
        }
        Ok(())
    }

    /// The items of a run that were queued, as far as the log knows.
    ///
    /// # Errors
    /// DynamoDB's.
    pub async fn queued_items(&self, run: &str) -> Result<HashSet<String>, Failure> {
        let of_each = try_join_all(partitions(run).map(|partition| self.queued_in(run, partition))).await?;
        Ok(of_each.into_iter().flatten().collect())
    }

    async fn queued_in(&self, run: &str, partition: String) -> Result<Vec<String>, Failure> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#run = :run")
            .filter_expression(format!("attribute_exists({QUEUED_US})"))
            .projection_expression("#item")
            .expression_attribute_names("#run", RUN)
            .expression_attribute_names("#item", ITEM)
            .expression_attribute_values(":run", text(&partition));
        let mut pages = query.into_paginator().items().send();
        let failed =
            |error| Failure::aws(format_args!("read run {run} in the run log {}", self.table), &error);
        let mut items = Vec::new();
        while let Some(entry) = pages.try_next().await.map_err(failed)? {
            items.extend(entry.get(ITEM).and_then(|item| item.as_s().ok()).cloned());
        }
        Ok(items)
    }

    /// A statement, since only an INSERT leaves an existing entry alone without failing the others of its request.
    fn insertion(&self, run: &str, item: &str, at_us: u64) -> BatchStatementRequest {
        let table = &self.table;
        BatchStatementRequest::builder()
            .statement(format!(
                "INSERT INTO \"{table}\" VALUE {{'{RUN}': ?, '{ITEM}': ?, '{QUEUED_US}': ?, '{EXPIRES}': ?}}"
            ))
            .set_parameters(Some(vec![
                text(&partition(run, item)),
                text(item),
                number(at_us),
                expires(at_us),
            ]))
            .build()
            .expect("the statement is set")
    }

    /// Keeps in `left` what is to be tried again, and returns why.
    async fn execute(
        &self,
        run: &str,
        left: &mut Vec<BatchStatementRequest>,
    ) -> Result<Option<String>, Failure> {
        let request = self.client.batch_execute_statement().set_statements(Some(left.clone()));
        let answer = request.send().await.map_err(|error| {
            let doing =
                format_args!("write {} entries of run {run} to the run log {}", left.len(), self.table);
            Failure::aws(doing, &error)
        })?;
        let again = again(&answer).map_err(|reason| self.not_written(run, left.len(), reason))?;
        *left = again.iter().filter_map(|(index, _)| left.get(*index).cloned()).collect();
        Ok(again.into_iter().next().map(|(_, reason)| reason))
    }

    fn not_written(&self, run: &str, entries: usize, reason: String) -> NotWritten {
        NotWritten { entries, run: run.to_owned(), table: self.table.clone(), reason }
    }
}

/// The statements that may succeed later, by their place in the request, and why they didn't; or why one never will.
fn again(answer: &BatchExecuteStatementOutput) -> Result<Vec<(usize, String)>, String> {
    let mut again = Vec::new();
    for (index, response) in answer.responses().iter().enumerate() {
        let Some(error) = response.error() else { continue };
        let code = error.code().map_or("unknown", Code::as_str);
        let reason = format!("{code}: {}", error.message().unwrap_or_default());
        match error.code() {
            Some(Code::DuplicateItem) => {}
            Some(
                Code::InternalServerError
                | Code::ProvisionedThroughputExceeded
                | Code::RequestLimitExceeded
                | Code::ThrottlingError
                | Code::TransactionConflict,
            ) => again.push((index, reason)),
            _ => return Err(reason),
        }
    }
    Ok(again)
}
