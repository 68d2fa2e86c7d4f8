//! What a run's entries in a run log are asked for with.

use std::collections::HashMap;

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use protocol::run_log::{RUN, partitions};

use super::run_context::RunContext;
use crate::aws::failed;

/// A run's entries, by partition.
///
/// # Errors
/// If DynamoDB fails.
pub async fn entries(
    context: RunContext<'_>,
    table: &str,
    run: &str,
) -> Result<Vec<HashMap<String, AttributeValue>>> {
    let of_each = queries(context, table, run).map(|query| async {
        let entries = query.into_paginator().items().send().try_collect().await;
        entries.map_err(|error| failed("Query", context.deployment)(&error))
    });
    Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
}

/// The query of each partition that a run is spread over.
pub fn queries(context: RunContext<'_>, table: &str, run: &str) -> impl Iterator<Item = QueryFluentBuilder> {
    let client = Client::new(context.config);
    partitions(run).map(move |partition| {
        client
            .query()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("#run = :run")
            .expression_attribute_names("#run", RUN)
            .expression_attribute_values(":run", AttributeValue::S(partition))
    })
}
